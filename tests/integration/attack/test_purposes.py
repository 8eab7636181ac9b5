"""Keys that are not for signers: they never sign for one, whatever grants say."""

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from tests.integration.attack import samples
from tests.integration.attack.scene import FOUNDER, Scene

WRONG = "KEY_PURPOSE_WRONG"
PURPOSES = {
    "making": resources.KEY_PURPOSE_SEAL_MAKING,
    "sealing": resources.KEY_PURPOSE_SEALING,
    "checkpoints": resources.KEY_PURPOSE_AUDIT,
}


@pytest.mark.parametrize("name", sorted(PURPOSES))
def test_a_key_for_something_else_signs_for_nobody(town: Scene, name: str) -> None:
    """With a grant that names it and its purpose, for a message and a digest, alone and not."""
    key = f"purpose-{name}"
    town.key(key, PURPOSES[name])
    conditions = access.Conditions(purposes=[PURPOSES[name]])
    town.grant("signer", key)
    town.grant("signer", key, conditions=conditions)
    begun = town.daemon.count("C_SignInit")
    items = [
        samples.item("x", key),
        signing.SignRequest(key=f"keys/{key}", digest=bytes(32)),
        signing.SignRequest(key=f"keys/{key}", digest=bytes(32), approval="approvals/a1"),
    ]
    for who in ("signer", FOUNDER):
        for item in items:
            assert town.by(who).call("SigningService/Sign", item).result == WRONG
        batch = signing.BatchSignRequest(requests=items)
        results = town.by(who).done("SigningService/BatchSign", batch).results
        assert [each.WhichOneof("outcome") for each in results] == ["error"] * 3
    assert town.daemon.count("C_SignInit") == begun, "the token was asked"
    found = town.records(resource=f"keys/{key}", result=WRONG)
    assert {record.allowed for record in found} == {False}
    assert len(found) == 2 * len(items) * 2


def test_the_key_of_the_audit_signs_for_nobody(town: Scene) -> None:
    """Not even while the daemon signs checkpoints with it."""
    auditor = town.by("auditor")
    auditor.done("AuditService/CreateCheckpoint", audit.CreateCheckpointRequest())
    digest = signing.SignRequest(key="keys/audit", digest=bytes(32))
    assert town.by(FOUNDER).call("SigningService/Sign", digest).result == WRONG


@pytest.mark.parametrize("purpose", [0, 1, 2, 3, 4])
def test_a_pair_has_one_name_and_one_purpose(town: Scene, purpose: int) -> None:
    """Enrolled again under another name it would sign for signers."""
    key = f"pair-{purpose}"
    made = town.key(key, resources.KEY_PURPOSE_SEALING)
    before = town.rows("select * from keys where id = ?", key)
    for request in (
        keys.EnrolKeyRequest(key_id=f"{key}-again", token="tokens/t", cka_id=made.cka_id),
        keys.EnrolKeyRequest(key_id=f"{key}-again", token="tokens/t", label=key),
        keys.EnrolKeyRequest(key_id=key, token="tokens/t", cka_id=made.cka_id, label=key),
    ):
        request.purpose = purpose  # type: ignore[assignment]  # every number there is
        answer = town.by("security").call("KeyService/EnrolKey", request)
        assert answer.result == "KEY_EXISTS", answer
    assert town.by("signer").call("SigningService/Sign", samples.item("x", key)).result == (
        "PERMISSION_DENIED"
    )
    assert town.rows("select * from keys where id = ?", key) == before
    assert not town.rows("select * from keys where id = ?", f"{key}-again")


def test_a_name_is_not_free_again_when_its_key_is_destroyed(town: Scene) -> None:
    """Else grants for the old key would count for a new one, or for another purpose."""
    town.key("once", resources.KEY_PURPOSE_SEALING)
    town.disable("once")
    security = town.by("security")
    security.done("KeyService/DestroyKey", keys.DestroyKeyRequest(name="keys/once"))
    again = keys.GenerateKeyRequest(
        key_id="once", token="tokens/t", key_type=resources.KEY_TYPE_EC_P256
    )
    assert security.call("KeyService/GenerateKey", again).result == "KEY_EXISTS"


def test_a_deleted_grant_does_not_come_back_with_its_name(town: Scene) -> None:
    """The name, creator and time that a request gives are those of nobody."""
    grant = town.grant("other", "borrowed")
    town.by("security").done("AccessService/DeleteGrant", access.DeleteGrantRequest(name=grant))
    wanted = access.Grant(
        name=grant,
        subject="other",
        keys="keys/borrowed",
        operations=[access.OPERATION_SIGN],
        creator="auditor",
    )
    made = town.by("security").done(
        "AccessService/CreateGrant", access.CreateGrantRequest(grant=wanted)
    )
    assert made.name != grant
    assert made.creator == "security"
