"""Signatures verified by programs that are not ours: the openssl command, and gmssl for SM2."""

import hashlib
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from gmssl.sm2 import CryptSM2  # type: ignore[import-untyped]

from signetd.drivers.algorithms import INTEGER_BYTES, hash_name
from signetd.drivers.types import Algorithm, Input, SignOrder

DEFAULT_SIGNER_ID = "1234567812345678"
# a, b, xG, yG of the SM2 curve (GB/T 32918.5).
_CURVE = bytes.fromhex(
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
)


def digest(
    algorithm: Algorithm, message: bytes, spki: bytes = b"", signer_id: bytes = b""
) -> bytes:
    """Hash *message* as *algorithm* does; for SM2 e = SM3(Z ‖ M), computed here (GB/T 32918.2)."""
    if algorithm is not Algorithm.SM2_SM3:
        return hashlib.new(hash_name(algorithm), message).digest()
    identity = signer_id or DEFAULT_SIGNER_ID.encode()
    start = (len(identity) * 8).to_bytes(2) + identity + _CURVE + spki[-64:]
    return hashlib.new("sm3", hashlib.new("sm3", start).digest() + message).digest()


def accepts(spki: bytes, order: SignOrder, signature: bytes) -> bool:
    """Ask openssl, and for SM2 gmssl too, whether *signature* is valid; they must agree."""
    by_openssl = _openssl(spki, order, signature)
    if order.algorithm is Algorithm.SM2_SM3:
        e = order.data
        if order.input is Input.MESSAGE:
            e = digest(order.algorithm, order.data, spki, order.signer_id)
        oracle = CryptSM2(private_key="", public_key=spki[-64:].hex())
        assert bool(oracle.verify(signature.hex(), e)) == by_openssl, "gmssl and openssl differ"
    return by_openssl


def der(signature: bytes) -> bytes:
    """Write r‖s as DER, by cryptography."""
    half = len(signature) // 2
    der = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
    assert decode_dss_signature(der), "cryptography does not read what it wrote"
    return der


def _openssl(spki: bytes, order: SignOrder, signature: bytes) -> bool:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "key").write_bytes(spki)
        (folder / "data").write_bytes(order.data)
        is_pair = order.algorithm in INTEGER_BYTES
        (folder / "signature").write_bytes(der(signature) if is_pair else signature)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key"]
        command += ["-in", "data", "-sigfile", "signature", *_options(order)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def _options(order: SignOrder) -> list[str]:
    name = hash_name(order.algorithm)
    is_message = order.input is Input.MESSAGE
    if order.algorithm is Algorithm.ED25519:
        return ["-rawin"]
    options = ["-rawin", "-digest", name] if is_message else []
    if order.algorithm is Algorithm.SM2_SM3:
        identity = order.signer_id.decode() or DEFAULT_SIGNER_ID
        return [*options, "-pkeyopt", f"distid:{identity}"] if is_message else []
    if not is_message:
        options += ["-pkeyopt", f"digest:{name}"]
    if "_PSS_" in order.algorithm:
        options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
    return options
