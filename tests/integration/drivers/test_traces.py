"""What is left of a destroyed pair on a real token: nothing, or it is named."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import KeyRef, KeyType
from signetd.gm.sm2 import Sm2PublicKey
from signetd.softhsm import ProvisionedToken
from tests.integration.drivers.faulty import Faulty
from tests.integration.drivers.foreign import foreign
from tests.unit.pki import forest, holders, making

MakePool = Callable[..., Awaitable[TokenPool]]


def certificate_for(spki: bytes) -> bytes:
    """A certificate of another CA for this public key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    key = serialization.load_der_public_key(spki)
    builder = x509.CertificateBuilder(name, name, key, 1, now, now + timedelta(days=1))  # type: ignore[arg-type]
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("key_type", [KeyType.SM2, KeyType.RSA_2048, KeyType.ED25519])
async def test_nothing_is_left_and_every_worker_has_looked(
    key_type: KeyType, make_pool: MakePool
) -> None:
    pool = await make_pool(workers=2)
    other = await pool.generate(key_type, label="other", cka_id=b"\x02")
    pair = await pool.generate(key_type, label="k", cka_id=b"\x01")
    before = await pool.find_traces(pair.ref)
    assert (before.private, before.public, before.gone) == (1, 1, False)
    await pool.destroy(pair.ref)
    after = await pool.find_traces(pair.ref)
    assert (after.gone, after.sessions, after.looked_at, after.others) == (True, 2, 2, 0)
    assert [each.ref for each in await pool.keys()] == [other.ref]
    with pytest.raises(SignetError) as refused:
        await pool.destroy(pair.ref)
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
    assert pool.status.state is TokenState.READY


async def test_its_certificate_goes_with_it_and_another_stays(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    pool = await make_pool()
    pair = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    other = await pool.generate(KeyType.EC_P256, label="other", cka_id=b"\x02")
    for spki in (pair.spki, other.spki):
        foreign(token, f"certificate {certificate_for(spki).hex()}", cka_id=b"\x01", label="c")
    assert (await pool.find_traces(pair.ref)).certificates == 1
    await pool.destroy(pair.ref)
    after = await pool.find_traces(pair.ref)
    assert (after.gone, after.others) == (True, 1)


async def test_a_certificate_that_writes_its_sm2_key_otherwise_is_the_pairs_own(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    """Some CAs write the curve's identifier as the algorithm."""
    pool = await make_pool()
    pair = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    curve = making.oid("1.2.156.10197.1.301")
    point = making.bit_string(Sm2PublicKey.from_spki(pair.spki).point)
    otherwise = making.tlv(0x30, making.tlv(0x30, curve, curve), point)
    issued = forest.root("ec").leaf("k", holders.Key("sm2", b"", otherwise)).der
    await pool.store_certificate(pair.ref, issued, "k")
    before = await pool.find_traces(pair.ref)
    assert (before.certificates, before.others) == (1, 0)
    await pool.destroy(pair.ref)
    after = await pool.find_traces(pair.ref)
    assert (after.gone, after.looked_at) == (True, 0)


async def test_what_cannot_be_read_is_not_called_gone(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    pool = await make_pool()
    pair = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    foreign(token, "certificate 3000", cka_id=b"\x01", label="c")
    await pool.destroy(pair.ref)
    assert (await pool.find_traces(pair.ref)).certificates == 1
    foreign(token, "private-only ec", cka_id=b"\x01", label="stranger")
    assert (await pool.find_traces(pair.ref)).private == 1


async def test_half_a_destruction_is_completed(
    token: ProvisionedToken, make_pool: MakePool
) -> None:
    pool = await make_pool()
    pair = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    foreign(token, "remove private", label="k")
    assert (await pool.find_traces(pair.ref)).public == 1
    await pool.destroy(pair.ref)
    assert (await pool.find_traces(pair.ref)).gone


async def test_a_token_that_only_says_that_it_destroys_is_found_out(faulty: Faulty) -> None:
    pool = faulty.pool()
    await pool.start()
    try:
        await pool.unlock(faulty.pin)
        pair = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
        faulty.faults("C_DestroyObject error 0x0")
        await pool.destroy(pair.ref)
        after = await pool.find_traces(pair.ref)
        assert (after.private, after.public) == (1, 1)
    finally:
        await pool.close()


async def test_nothing_is_proven_where_one_worker_cannot_look(faulty: Faulty) -> None:
    pool = faulty.pool(workers=2)
    await pool.start()
    try:
        await pool.unlock(faulty.pin)
        faulty.faults("C_FindObjectsInit error 0x30 times=1")
        with pytest.raises(SignetError) as refused:
            await pool.find_traces(KeyRef(b"\x01", bytes(32)))
        assert refused.value.ckr == "CKR_DEVICE_ERROR"
    finally:
        await pool.close()


async def test_a_token_with_one_session_is_looked_at_in_a_fresh_one(faulty: Faulty) -> None:
    pool = faulty.pool()
    await pool.start()
    try:
        await pool.unlock(faulty.pin)
        pair = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
        before = faulty.count("C_OpenSession")
        faulty.faults("C_OpenSession error 0xB1 times=1")
        assert (await pool.find_traces(pair.ref)).private == 1
        assert faulty.count("C_OpenSession") == before + 2
    finally:
        await pool.close()


async def test_what_has_the_public_key_under_another_cka_id_is_a_trace_and_stays(
    make_pool: MakePool,
) -> None:
    pool = await make_pool()
    pair = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    elsewhere = KeyRef(b"\x02", pair.ref.fingerprint)
    with pytest.raises(SignetError) as refused:
        await pool.destroy(elsewhere)
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
    assert (await pool.find_traces(elsewhere)).public == 1
    assert [each.ref for each in await pool.keys()] == [pair.ref]
