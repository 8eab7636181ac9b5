"""A token that makes signatures which do not verify, from the first one to the key's return."""

import json
import signal

import pytest

from signetd.api.v1 import resources_pb2
from signetd.client import Client, SignetdError, SignItem
from tests.integration.daemon.running import Running

ITEM = SignItem(key="k", message=b"a document")
LIMIT = 2


def state(client: Client) -> str:
    return resources_pb2.KeyState.Name(client.get_key("k").state)


def refusal(client: Client) -> SignetdError:
    with pytest.raises(SignetdError) as error:
        client.sign(ITEM)
    return error.value


def restart(running: Running) -> None:
    running.signal(signal.SIGTERM)
    assert running.wait(20) == 0
    running.start(token=f"quarantine_after = {LIMIT}")


def test_a_faulty_key_is_quarantined_until_it_is_enabled(running: Running) -> None:
    running.start(token=f"quarantine_after = {LIMIT}")
    with running.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
        running.faults("C_Sign flip")
        for _ in range(LIMIT):
            assert refusal(client).reason == "SIGNATURE_FAULTY"
        assert state(client) == "KEY_STATE_QUARANTINED"
        asked = running.count("C_Sign")
        refused = refusal(client)
        assert refused.reason == "KEY_STATE_WRONG"
        assert "check the token" in str(refused)
        assert running.count("C_Sign") == asked
    [alarm] = [line for line in running.log.splitlines() if '"key quarantined"' in line]
    event = json.loads(alarm)
    assert (event["level"], event["key"], event["token"]) == ("critical", "k", "t")
    assert event["count"] == LIMIT

    restart(running)
    running.faults()
    with running.client() as client:
        assert state(client) == "KEY_STATE_QUARANTINED"
        assert refusal(client).reason == "KEY_STATE_WRONG"
        client.enable_key("k")
        assert client.sign(ITEM).signature
        assert state(client) == "KEY_STATE_ENABLED"
