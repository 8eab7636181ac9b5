"""What must never be adopted, on a real token."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import (
    Algorithm,
    Input,
    KeyType,
    SignOrder,
    TokenSettings,
)
from signetd.softhsm import ProvisionedToken, provision
from tests.integration.drivers.foreign import foreign
from tests.integration.drivers.memory import Guard, Serials

MakePool = Callable[..., Awaitable[TokenPool]]


@pytest.mark.parametrize(("attribute", "value"), [("EXTRACTABLE", True), ("SENSITIVE", False)])
async def test_an_unprotected_key_is_neither_enrolled_nor_used(
    attribute: str, value: bool, token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, f"weak {attribute}={int(value)}", cka_id=b"\x07", label="weak")
    pool = await make_pool()
    with pytest.raises(SignetError, match=f"CKA_{attribute} is {str(value).lower()}") as refused:
        await pool.find_key(cka_id=b"\x07")
    assert refused.value.reason is Reason.KEY_UNPROTECTED
    (weak,) = await pool.keys()
    order = SignOrder(
        key=weak.ref, algorithm=Algorithm.RSA_PKCS1_SHA256, input=Input.DIGEST, data=bytes(32)
    )
    with pytest.raises(SignetError) as refused:
        await pool.sign(order)
    assert refused.value.reason is Reason.KEY_UNPROTECTED


async def test_enrolment_finds_one_key_or_says_which_there_are(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    pool = await make_pool()
    made = await pool.generate(KeyType.EC_P256, label="one", cka_id=b"\x01")
    foreign(token, "make ec", cka_id=b"\x02", label="one")
    assert (await pool.find_key(cka_id=b"\x01", label="one")).ref == made.ref
    with pytest.raises(SignetError, match="2 key pairs match") as refused:
        await pool.find_key(label="one")
    assert refused.value.reason is Reason.KEY_AMBIGUOUS
    with pytest.raises(SignetError, match="it holds") as refused:
        await pool.find_key(label="none")
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN


async def status_of(
    settings: TokenSettings, lock_file: Path, state: TokenState = TokenState.FAILED
) -> str:
    pool = TokenPool(
        "test", settings, PoolSettings(), lock_file=lock_file, guard=Guard(), serials=Serials()
    )
    await pool.start()
    try:
        assert pool.status.state is state
        return pool.status.reason
    finally:
        await pool.close()


async def test_what_cannot_be_opened_says_why(token: ProvisionedToken, tmp_path: Path) -> None:
    lock_file = tmp_path / "lock"
    absent = TokenSettings(module=str(token.module), label="another", environment=token.environment)
    said = await status_of(absent, lock_file, TokenState.ABSENT)
    assert 'no token with label "another"' in said
    missing = TokenSettings(module="/nonexistent.so", label="test")
    assert "does not exist" in await status_of(missing, lock_file)
    (tmp_path / "text.so").write_text("not a library")
    unloadable = TokenSettings(module=str(tmp_path / "text.so"), label="test")
    assert "cannot be loaded" in await status_of(unloadable, lock_file)
    unknown = TokenSettings(module=str(token.module), label="test", profile="nonesuch")
    assert "no token profile" in await status_of(unknown, lock_file)


async def test_two_tokens_of_one_label_are_refused_with_their_serials(
    token: ProvisionedToken, tmp_path: Path
) -> None:
    twin = provision(tmp_path / "twin", token.label, module="softhsm")
    for folder in (tmp_path / "twin").glob("**/tokens/*"):
        target = next((tmp_path / "token").glob("**/tokens")) / folder.name
        folder.rename(target)
    settings = TokenSettings(
        module=str(token.module), label=token.label, environment=token.environment
    )
    said = await status_of(settings, tmp_path / "lock", TokenState.ABSENT)
    assert token.serial in said
    assert twin.serial in said
