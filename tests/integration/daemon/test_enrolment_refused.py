"""What a token may have against enrolment, as the callers of a whole daemon are told."""

import pytest

from signetd.client import Client, NotFound, SignetdError, SignItem
from signetd.softhsm import provision
from tests.integration.daemon.running import Running
from tests.integration.drivers.foreign import foreign


@pytest.fixture
def client(running: Running) -> Client:
    running.start()
    return running.client()


def _unregistered(client: Client, name: str) -> None:
    with pytest.raises(NotFound):
        client.get_key(name)


@pytest.mark.parametrize("attribute", ["EXTRACTABLE=1", "SENSITIVE=0"])
def test_a_key_that_can_leave_its_token_is_not_enrolled(
    attribute: str, client: Client, running: Running
) -> None:
    token = provision(running.folder / "token", "test", module="fault")
    foreign(token, f"weak {attribute}", cka_id=b"\x07", label="weak")
    with pytest.raises(SignetdError) as refused:
        client.enrol_key("weak", token="t", cka_id=b"\x07")
    name, _, value = attribute.partition("=")
    assert refused.value.reason == "KEY_UNPROTECTED"
    assert f"CKA_{name} is {'true' if value == '1' else 'false'}" in refused.value.message
    _unregistered(client, "weak")
    good = client.generate_key("good", token="t", key_type="RSA_2048")
    with pytest.raises(SignetdError) as refused:
        client.replace_key("good", token="t", cka_id=b"\x07")
    assert refused.value.reason == "KEY_UNPROTECTED"
    assert client.get_key("good").primary_version == good.primary_version


def test_a_full_token_says_so_and_no_name_is_taken(client: Client, running: Running) -> None:
    running.faults("C_GenerateKeyPair error 0x31")
    with pytest.raises(SignetdError, match="the token is full") as refused:
        client.generate_key("k", token="t", key_type="SM2")
    assert refused.value.reason == "TOKEN_FAILED"
    _unregistered(client, "k")
    running.faults()
    client.generate_key("k", token="t", key_type="SM2")
    assert client.sign(SignItem(key="k", message=b"m")).key_version == "keys/k/versions/1"


def test_a_wrong_pin_is_presented_once_and_nothing_is_enrolled(
    client: Client, running: Running
) -> None:
    with running.system() as system:
        system.lock_token("t")
        before = running.count("C_Login")
        with pytest.raises(SignetdError) as refused:
            system.unlock_token("t", "not-the-pin")
        assert refused.value.reason == "PIN_REFUSED"
        assert "not-the-pin" not in str(refused.value)
        with pytest.raises(SignetdError) as refused:
            client.generate_key("k", token="t", key_type="SM2")
        assert refused.value.reason == "TOKEN_LOCKED"
        assert running.count("C_Login") == before + 1, "who asks for it presents it, nothing else"
    _unregistered(client, "k")
