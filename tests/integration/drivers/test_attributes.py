"""What a real token says of its private keys, over the wire of the workers."""

from collections.abc import Awaitable, Callable

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import KeyRef, KeyType
from signetd.softhsm import ProvisionedToken
from tests.integration.drivers.foreign import foreign

MakePool = Callable[..., Awaitable[TokenPool]]

_PROVEN = {
    "CKA_TOKEN": True,
    "CKA_PRIVATE": True,
    "CKA_SENSITIVE": True,
    "CKA_ALWAYS_SENSITIVE": True,
    "CKA_EXTRACTABLE": False,
    "CKA_NEVER_EXTRACTABLE": True,
    "CKA_LOCAL": True,
    "CKA_SIGN": True,
    "CKA_DECRYPT": False,
    "CKA_UNWRAP": False,
}


@pytest.mark.parametrize(
    ("key_type", "native", "mechanism"),
    [
        (KeyType.EC_P256, "CKK_EC", "CKM_EC_KEY_PAIR_GEN"),
        (KeyType.RSA_2048, "CKK_RSA", "CKM_RSA_PKCS_KEY_PAIR_GEN"),
    ],
)
async def test_a_generated_pair_proves_its_protection(
    key_type: KeyType, native: str, mechanism: str, make_pool: MakePool
) -> None:
    pool = await make_pool()
    pair = await pool.generate(key_type, label="合同章", cka_id=b"\x0a\xff")
    found = await pool.attributes(pair.ref)
    assert {name: found.get(name) for name in _PROVEN} == _PROVEN
    assert (found["CKA_LABEL"], found["CKA_ID"]) == ("合同章", "0aff")
    assert (found["CKA_KEY_TYPE"], found["CKA_KEY_GEN_MECHANISM"]) == (native, mechanism)


async def test_an_sm2_pair_of_a_vendor_has_the_vendors_number(make_pool: MakePool) -> None:
    pool = await make_pool()
    pair = await pool.generate(KeyType.SM2, label="seal", cka_id=b"\x01")
    found = await pool.attributes(pair.ref)
    assert {name: found.get(name) for name in _PROVEN} == _PROVEN
    assert str(found["CKA_KEY_TYPE"]).startswith(("CKK_EC", "0x"))


async def test_a_weak_key_shows_what_is_weak(token: ProvisionedToken, make_pool: MakePool) -> None:
    foreign(token, "weak EXTRACTABLE=1", cka_id=b"\x07", label="weak")
    pool = await make_pool()
    (weak,) = await pool.keys()
    found = await pool.attributes(weak.ref)
    assert (found["CKA_EXTRACTABLE"], found["CKA_NEVER_EXTRACTABLE"]) == (True, False)


async def test_a_pair_that_is_not_there_is_refused(make_pool: MakePool) -> None:
    pool = await make_pool()
    with pytest.raises(SignetError) as refused:
        await pool.attributes(KeyRef(b"\x01", bytes(32)))
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
