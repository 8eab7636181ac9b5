"""Keys are answered with how often they were used."""

from typing import Any

from signetd.api.v1 import key_service_pb2


async def test_keys_have_their_uses(both: Any, service: Any) -> None:
    service.usage.uses["keys/seal"] = 7
    key = await both.call("KeyService/GetKey", key_service_pb2.GetKeyRequest(name="keys/seal"))
    assert key.uses == 7
    listed = await both.call("KeyService/ListKeys", key_service_pb2.ListKeysRequest())
    assert {each.uses for each in listed.keys if each.name == "keys/seal"} == {7}
    disabled = await both.call(
        "KeyService/DisableKey", key_service_pb2.DisableKeyRequest(name="keys/seal")
    )
    assert disabled.uses == 7
