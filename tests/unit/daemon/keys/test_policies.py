"""What a key's policy may ask for."""

from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyManager
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType

UNVERIFIED = KeyPolicy(skip_verification=True)


async def test_a_key_for_signing_may_do_without_verification(
    manager: KeyManager, store: Any
) -> None:
    before = await manager.generate("a", "hsm1", KeyType.RSA_2048, None)
    assert before.is_verified
    after = await manager.set_policy("a", UNVERIFIED)
    assert not after.is_verified
    assert store.kept["a"] == after
    assert (await manager.set_policy("a", KeyPolicy())).is_verified


@pytest.mark.parametrize("purpose", sorted(set(KeyPurpose) - {KeyPurpose.SIGNING}))
async def test_no_other_key_may(manager: KeyManager, store: Any, purpose: KeyPurpose) -> None:
    before = await manager.generate("a", "hsm1", KeyType.SM2, None, purpose)
    with pytest.raises(SignetError, match=f"'a', which is for {purpose}") as error:
        await manager.set_policy("a", UNVERIFIED)
    assert error.value.reason is Reason.KEY_PURPOSE_WRONG
    assert manager.get("a") == store.kept["a"] == before
    # Nor if the database was changed by other hands.
    assert msgspec.structs.replace(before, policy=UNVERIFIED).is_verified
