"""SM2 and SM3 against the standard's vectors, on every backend of this host."""

import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import given
from hypothesis import strategies as st

from signetd.gm import _gmssl, backend, encoding, selftest, sm2, sm3, vectors

KEY = sm2.Sm2PublicKey.from_spki(vectors.SPKI)
BACKENDS = backend.available()


def test_self_test_passes() -> None:
    selftest.run()


def test_self_test_fails_on_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "E", bytes(32))
    with pytest.raises(selftest.SelfTestError, match="e of SM2"):
        selftest.run()


@pytest.mark.parametrize(("data", "digest"), vectors.SM3_OF.items())
def test_sm3_vectors_of_gbt_32905(data: bytes, digest: bytes) -> None:
    assert sm3.sm3(data) == digest
    fallback = sm3._CryptographySm3()
    fallback.update(data)
    assert fallback.copy().digest() == digest


def test_z_with_another_id() -> None:
    expected = "26db4bc1839bd22e97e1dab667ec5e0a730d5e16521398b4435c576a93afd7ed"
    assert sm2.z_value(KEY, b"ALICE123@YAHOO.COM").hex() == expected


def test_both_backends_are_tested() -> None:
    assert set(BACKENDS) == {"libcrypto", "gmssl"}, (
        "this host's libcrypto has no SM2: install OpenSSL 3"
    )


@pytest.mark.parametrize("name", BACKENDS)
def test_vector_of_gbt_32918_5_verifies(name: str) -> None:
    assert BACKENDS[name](vectors.SPKI, vectors.E, vectors.SIGNATURE)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("bit", [0, 100, 255, 256, 511])
def test_any_altered_bit_is_found(name: str, bit: int) -> None:
    altered = bytearray(vectors.SIGNATURE)
    altered[bit // 8] ^= 1 << bit % 8
    assert not BACKENDS[name](vectors.SPKI, vectors.E, bytes(altered))


@pytest.mark.parametrize(
    "signature",
    [b"", bytes(64), bytes(32) + vectors.SIGNATURE[32:], sm2.N.to_bytes(32) * 2, b"\xff" * 64],
)
def test_signatures_out_of_range_are_invalid(signature: bytes) -> None:
    with pytest.raises(InvalidSignature):
        sm2.verify_digest(KEY, vectors.E, signature)


def test_point_off_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="not a point of the curve"):
        sm2.Sm2PublicKey.from_point(KEY.point[:-1] + b"\x00")


@given(st.binary(max_size=200))
def test_garbage_is_refused_with_value_error_only(garbage: bytes) -> None:
    for read in (sm2.Sm2PublicKey.from_spki, sm2.Sm2PublicKey.from_point):
        with pytest.raises(ValueError):
            read(garbage)


def openssl_key(folder: Path) -> tuple[Path, sm2.Sm2PublicKey]:
    private, public = folder / "k.pem", folder / "k.der"
    generate = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out"
    subprocess.run([*generate.split(), str(private)], check=True, capture_output=True)
    convert = ["openssl", "pkey", "-in", str(private), "-pubout", "-outform", "DER", "-out"]
    subprocess.run([*convert, str(public)], check=True, capture_output=True)
    return private, sm2.Sm2PublicKey.from_spki(public.read_bytes())


@pytest.mark.parametrize("signer_id", [sm2.DEFAULT_SIGNER_ID, b"ALICE123@YAHOO.COM"])
@pytest.mark.parametrize("message", [b"", b"x", b"message digest" * 1000])
def test_signature_of_the_openssl_command_verifies(
    tmp_path: Path, signer_id: bytes, message: bytes
) -> None:
    private, public = openssl_key(tmp_path)
    (tmp_path / "m").write_bytes(message)
    options = ["-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{signer_id.decode()}"]
    sign = ["openssl", "pkeyutl", "-sign", "-inkey", str(private), *options]
    der = subprocess.run(
        [*sign, "-in", str(tmp_path / "m")], check=True, capture_output=True
    ).stdout
    raw = encoding.der_to_raw(der, 32)
    sm2.verify(public, message, raw, signer_id)
    e = sm2.message_digest(public, message, signer_id)
    assert _gmssl.verify(public.to_spki(), e, raw)
    with pytest.raises(InvalidSignature):
        sm2.verify(public, message + b"!", raw, signer_id)
