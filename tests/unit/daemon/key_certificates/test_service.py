"""Importing and showing certificates, with tokens that do not take them."""

import asyncio
from datetime import datetime

import msgspec
import pytest

from signetd.daemon.certificates import KeyCertificates
from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.keys.types import KeyVersion
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import KeyRef, ProtectionLevel, Requester, TokenInfo
from tests.unit.daemon.key_certificates.having import NOW, key, leaf, pems

ME = Requester(client="me")
INFO = TokenInfo(
    label="t",
    serial="00a1",
    manufacturer="maker",
    model="model",
    module="module",
    protection_level=ProtectionLevel.HARDWARE,
    inputs={},
)


class Token:
    """Keeps one certificate, unless *refusal* is set."""

    def __init__(self) -> None:
        self.status = TokenStatus(TokenState.READY, "", NOW)
        self.info: TokenInfo | None = INFO
        self.held: bytes = b""
        self.refusal: SignetError | None = None
        self.labels: list[str] = []

    async def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
        if self.refusal:
            raise self.refusal
        self.held = der
        self.labels.append(label)

    async def read_certificate(self, ref: KeyRef, requester: Requester) -> bytes:
        assert requester is ME
        if self.refusal:
            raise self.refusal
        return self.held


class Keys:
    """Keys in memory."""

    def __init__(self, *keys: RegisteredKey) -> None:
        self.kept = {each.id: each for each in keys}

    def get(self, key_id: str) -> RegisteredKey:
        return self.kept[key_id]

    def all(self) -> list[RegisteredKey]:
        return list(self.kept.values())

    async def set_certificates(
        self, key_id: str, certificates: tuple[bytes, ...], spki: bytes
    ) -> RegisteredKey:
        assert self.kept[key_id].spki == spki
        self.kept[key_id] = msgspec.structs.replace(self.kept[key_id], certificates=certificates)
        return self.kept[key_id]


def now() -> datetime:
    return NOW


OWN = leaf()
SEAL = key(spki=OWN.key.spki)


@pytest.fixture
def token() -> Token:
    return Token()


def service(token: Token, *keys: RegisteredKey) -> tuple[KeyCertificates, Keys]:
    known = Keys(*(keys or (SEAL,)))
    return KeyCertificates(known, {"t": token}, now), known


async def test_it_is_kept_in_the_registration_and_on_the_token(token: Token) -> None:
    certificates, keys = service(token)
    kept = await certificates.keep(await certificates.check("seal", OWN.pem), on_token=True)
    assert (kept.certificates, kept.on_token, kept.token_note) == ((OWN.der,), True, "")
    assert keys.get("seal").certificates == (OWN.der,)
    assert (token.held, token.labels) == (OWN.der, ["seal"])
    assert await certificates.get(keys.get("seal"), None, ME) == kept


async def test_a_check_changes_nothing(token: Token) -> None:
    certificates, keys = service(token)
    await certificates.check("seal", OWN.pem)
    assert keys.get("seal").certificates == ()
    assert token.held == b""


@pytest.mark.parametrize(
    "state", [TokenState.LOCKED, TokenState.ABSENT, TokenState.FAILED, TokenState.PRESENT]
)
async def test_a_token_that_does_not_serve_is_no_error(token: Token, state: TokenState) -> None:
    token.status = TokenStatus(state, "why", NOW)
    certificates, keys = service(token)
    kept = await certificates.keep(await certificates.check("seal", OWN.pem), on_token=True)
    assert not kept.on_token
    assert "The token 't'" in kept.token_note
    assert keys.get("seal").certificates == (OWN.der,)
    shown = await certificates.get(keys.get("seal"), None, ME)
    assert not shown.on_token
    assert "is not known: The token 't'" in shown.token_note


async def test_a_token_that_hangs_holds_up_no_other_keys_import(token: Token) -> None:
    class Hanging(Token):
        async def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
            await asyncio.Event().wait()

    other = leaf(common_name="other")
    keys = Keys(SEAL, key(spki=other.key.spki, name="other", token="slow"))
    certificates = KeyCertificates(keys, {"t": token, "slow": Hanging()}, now)
    checked = await certificates.check("other", other.pem)
    slow = asyncio.create_task(certificates.keep(checked, on_token=True))
    await asyncio.sleep(0)
    quick = certificates.keep(await certificates.check("seal", OWN.pem), on_token=True)
    assert (await asyncio.wait_for(quick, 5)).on_token
    assert not slow.done()
    slow.cancel()


async def test_another_token_under_the_same_name_gets_nothing(token: Token) -> None:
    token.info = msgspec.structs.replace(INFO, serial="00b2")
    certificates, _ = service(token)
    kept = await certificates.keep(await certificates.check("seal", OWN.pem), on_token=True)
    assert "serial" in kept.token_note
    assert token.held == b""


async def test_the_note_says_what_the_token_answered(token: Token) -> None:
    token.refusal = SignetError(Reason.TOKEN_FAILED, "It is full.", ckr="CKR_DEVICE_MEMORY")
    certificates, _ = service(token)
    kept = await certificates.keep(await certificates.check("seal", OWN.pem), on_token=True)
    assert (kept.on_token, kept.token_note) == (False, "It is full.")


async def test_what_the_token_holds_is_looked_at(token: Token) -> None:
    certificates, keys = service(token, key(OWN.der, spki=OWN.key.spki))
    for held, note in ((b"", "holds none"), (b"other", "holds another"), (OWN.der, "")):
        token.held = held
        shown = await certificates.get(keys.get("seal"), None, ME)
        assert (shown.on_token, note in shown.token_note) == (not note, True)


async def test_whose_certificate_it_is_is_told_for_older_versions_too(token: Token) -> None:
    older, other, stranger = (leaf(common_name=each) for each in ("older", "other", "stranger"))
    former = KeyVersion(
        version=3,
        token="t",
        token_label="t",
        token_serial="00a1",
        cka_id=b"1",
        spki=older.key.spki,
        protection_level=ProtectionLevel.HARDWARE,
        create_time=NOW,
        certificates=(older.der,),
    )
    seal = key(spki=OWN.key.spki, version=4, older=(former,))
    certificates, keys = service(token, seal, key(spki=other.key.spki, name="other"))
    for given, text in (
        (older, "of version 3 of the key 'seal'"),
        (other, "of the key 'other'"),
        (stranger, "None of the certificates"),
    ):
        if given is not stranger:
            with pytest.raises(SignetError, match=text) as caught:
                await certificates.check("seal", pems([stranger, given]))
        else:
            with pytest.raises(SignetError, match=text) as caught:
                await certificates.check("seal", given.pem)
        assert caught.value.reason is Reason.CERTIFICATE_UNSUITABLE
    shown = await certificates.get(keys.get("seal"), 3, ME)
    assert (shown.version, shown.certificates) == (3, (older.der,))
    for version, reason in ((4, Reason.CERTIFICATE_MISSING), (2, Reason.KEY_NOT_FOUND)):
        with pytest.raises(SignetError) as caught:
            await certificates.get(keys.get("seal"), version, ME)
        assert caught.value.reason is reason


async def test_a_destroyed_key_takes_none_and_shows_the_one_it_had(token: Token) -> None:
    certificates, keys = service(token, key(OWN.der, spki=OWN.key.spki, state=KeyState.DESTROYED))
    with pytest.raises(SignetError) as caught:
        await certificates.check("seal", OWN.pem)
    assert caught.value.reason is Reason.KEY_STATE_WRONG
    shown = await certificates.get(keys.get("seal"), None, ME)
    assert (shown.certificates, shown.token_note) == ((OWN.der,), "The key pair is destroyed.")
