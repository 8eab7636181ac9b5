"""Labels and CKA_IDs of real objects: two that share one, none at all, keys that stand alone."""

from collections.abc import Awaitable, Callable

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import Algorithm, Input, KeyInfo, KeyType, SignOrder
from signetd.drivers.verify import verify
from signetd.softhsm import ProvisionedToken
from tests.integration.drivers.foreign import foreign

MakePool = Callable[..., Awaitable[TokenPool]]


async def assert_signs(pool: TokenPool, pair: KeyInfo) -> None:
    order = SignOrder(
        key=pair.ref, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.MESSAGE, data=b"m"
    )
    signature = await pool.sign(order)
    assert verify(pair.spki, order.algorithm, order.input, order.data, signature, b"")


async def test_none_is_generated_under_a_cka_id_that_is_taken(make_pool: MakePool) -> None:
    pool = await make_pool()
    await pool.generate(KeyType.EC_P256, label="合同章", cka_id=b"\x01")
    with pytest.raises(SignetError, match='the key "合同章" with CKA_ID 01') as refused:
        await pool.generate(KeyType.EC_P256, label="other", cka_id=b"\x01")
    assert refused.value.reason is Reason.KEY_EXISTS
    assert len(await pool.keys()) == 1


async def test_a_public_key_that_is_left_over_has_its_name_too(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "make ec", cka_id=b"\x01", label="old")
    foreign(token, "remove private", label="old")
    pool = await make_pool()
    with pytest.raises(SignetError, match="old") as refused:
        await pool.generate(KeyType.EC_P256, label="new", cka_id=b"\x01")
    assert refused.value.reason is Reason.KEY_EXISTS


async def test_a_pair_is_found_by_its_chinese_label(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "make ec", cka_id=b"\x01", label="合同章")
    foreign(token, "make ec", cka_id=b"\x02", label="财务章")
    pool = await make_pool()
    pair = await pool.find_key(label="合同章")
    assert (pair.label, pair.ref.cka_id) == ("合同章", b"\x01")
    await assert_signs(pool, pair)


async def test_pairs_without_a_cka_id_are_told_apart_by_their_labels(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "make ec", label="one")
    foreign(token, "make ec", label="two")
    pool = await make_pool()
    one, two = await pool.find_key(label="one"), await pool.find_key(label="two")
    assert one.ref.cka_id == two.ref.cka_id == b""
    assert one.spki != two.spki
    await assert_signs(pool, one)
    await assert_signs(pool, two)


async def test_two_pairs_of_one_cka_id_are_ambiguous_and_told_apart_by_label(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "make ec", cka_id=b"\x01", label="one")
    foreign(token, "make ec", cka_id=b"\x01", label="two")
    pool = await make_pool()
    with pytest.raises(SignetError) as refused:
        await pool.find_key(cka_id=b"\x01")
    assert refused.value.reason is Reason.KEY_AMBIGUOUS
    pairs = await pool.keys()
    for word in ("2 key pairs match", '"one"', '"two"', "differ in label:"):
        assert word in refused.value.message
    for pair in pairs:
        assert pair.ref.fingerprint.hex() in refused.value.message
        await assert_signs(pool, await pool.find_key(cka_id=b"\x01", label=pair.label))


async def test_what_shares_both_cka_id_and_label_is_not_guessed(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "make ec", cka_id=b"\x01", label="same")
    foreign(token, "make ec", cka_id=b"\x01", label="same")
    pool = await make_pool()
    assert await pool.keys() == []
    with pytest.raises(SignetError, match=r"2 key pairs match.*give one of them") as refused:
        await pool.find_key(label="same")
    assert refused.value.reason is Reason.KEY_AMBIGUOUS


async def test_two_private_keys_with_one_public_object_are_not_guessed(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "make ec", cka_id=b"\x01", label="one")
    foreign(token, "private-only ec", cka_id=b"\x01", label="two")
    pool = await make_pool()
    assert await pool.keys() == []
    with pytest.raises(SignetError, match="several private keys have the CKA_ID") as refused:
        await pool.find_key(cka_id=b"\x01")
    assert refused.value.reason is Reason.KEY_AMBIGUOUS


async def test_a_private_key_without_a_public_object_says_what_is_missing(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "private-only ec", cka_id=b"\x01", label="alone")
    pool = await make_pool()
    with pytest.raises(SignetError, match=r'"alone".*no public key object') as refused:
        await pool.find_key(cka_id=b"\x01")
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN


async def test_an_rsa_private_key_needs_no_public_object(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    foreign(token, "private-only rsa", cka_id=b"\x01", label="alone")
    pool = await make_pool()
    assert (await pool.find_key(label="alone")).key_type is KeyType.RSA_2048


async def test_32_bytes_of_cka_id_and_255_of_a_label_are_kept(make_pool: MakePool) -> None:
    pool = await make_pool()
    label, cka_id = "章" * 85, bytes(range(32))
    pair = await pool.generate(KeyType.SM2, label=label, cka_id=cka_id)
    assert (pair.ref.cka_id, pair.label) == (cka_id, label)
