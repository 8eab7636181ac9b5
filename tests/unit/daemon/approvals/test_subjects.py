"""The digests of subjects are those that others compute, and differ where the subjects do."""

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from signetd.daemon.approvals import subjects
from signetd.daemon.keys import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.policy.types import Credential, Role
from signetd.daemon.signing import SignInput
from signetd.daemon.signing.validate import check
from signetd.drivers.types import Algorithm, KeyType, ProtectionLevel
from signetd.gm import sm2

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SM2_SPKI = bytes.fromhex(  # the public key of GB/T 32918.5
    "3059301306072a8648ce3d020106082a811ccf5501822d03420004"
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
LONG = b"\xe5" * 100_000


def key(key_type: KeyType, algorithm: Algorithm, spki: bytes = b"spki") -> RegisteredKey:
    return RegisteredKey(
        id="seal",
        key_type=key_type,
        default_algorithm=algorithm,
        state=KeyState.ENABLED,
        origin=KeyOrigin.ENROLLED,
        version=1,
        token="t",
        token_label="",
        token_serial="00a1",
        cka_id=b"1",
        spki=spki,
        protection_level=ProtectionLevel.HARDWARE,
        create_time=NOW,
        update_time=NOW,
    )


SM2_KEY = key(KeyType.SM2, Algorithm.SM2_SM3, SM2_SPKI)


async def digest_of(registered: RegisteredKey, **given: Any) -> bytes:
    made = await subjects.signature(check(registered, SignInput(key="seal", **given)))
    assert (made.operation, made.resource) == ("sign", "keys/seal")
    assert made.algorithm is (given.get("algorithm") or registered.default_algorithm)
    return made.digest


@pytest.mark.parametrize("message", [b"", b"message digest", LONG])
@pytest.mark.parametrize(
    ("key_type", "algorithm", "hash_"),
    [
        (KeyType.RSA_2048, Algorithm.RSA_PSS_SHA384, "sha384"),
        (KeyType.EC_P521, Algorithm.ECDSA_P521_SHA512, "sha512"),
        (KeyType.ED25519, Algorithm.ED25519, "sha256"),
    ],
)
async def test_a_message_is_hashed_as_for_signing_and_for_ed25519_with_sha256(
    key_type: KeyType, algorithm: Algorithm, hash_: str, message: bytes
) -> None:
    made = await digest_of(key(key_type, algorithm), message=message)
    assert made == hashlib.new(hash_, message).digest()


async def test_for_sm2_the_key_and_the_signer_are_hashed_too() -> None:
    # GB/T 32918.5, A.2: the digest e of "message digest" with the default ID.
    expected = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    assert (await digest_of(SM2_KEY, message=b"message digest")).hex() == expected
    other = await digest_of(SM2_KEY, message=b"message digest", signer_id=b"ALICE123@YAHOO.COM")
    public = sm2.Sm2PublicKey.from_spki(SM2_SPKI)
    assert other == sm2.message_digest(public, b"message digest", b"ALICE123@YAHOO.COM")


async def test_a_digest_is_itself() -> None:
    assert await digest_of(SM2_KEY, digest=b"\x07" * 32) == b"\x07" * 32


def openssl_sm3(data: bytes) -> str:
    done = subprocess.run(
        ["openssl", "dgst", "-sm3", "-r"], input=data, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().split()[0]


def test_an_administrator_is_hashed_as_canonical_json() -> None:
    roles = [Role.SIGNER, Role.SECURITY_ADMIN]
    made = subjects.administrator("王芳", roles, Credential.COMMON_NAME, "ab" * 32)
    values = {
        "name": "王芳",
        "roles": ["security-admin", "signer"],
        "credential": "COMMON_NAME",
        "certificate_sha256": "ab" * 32,
    }
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert (made.operation, made.resource, made.algorithm) == ("add-administrator", "王芳", None)
    assert made.digest.hex() == openssl_sm3(text.encode())


def test_an_administrator_with_any_other_value_is_another_subject() -> None:
    same: dict[str, Any] = {
        "name": "w",
        "roles": [Role.AUDITOR],
        "credential": Credential.DNS,
        "certificate_sha256": "",
    }
    others: list[dict[str, Any]] = [
        {"name": "v"},
        {"roles": [Role.AUDITOR, Role.SIGNER]},
        {"credential": Credential.URI},
        {"certificate_sha256": "00" * 32},
    ]
    digests = {subjects.administrator(**{**same, **change}).digest for change in [{}, *others]}
    assert len(digests) == 1 + len(others)


def test_a_destruction_is_of_this_very_pair() -> None:
    made = subjects.destruction(SM2_KEY)
    text = f'{{"key":"keys/seal","public_key_fingerprint":"{SM2_KEY.fingerprint}"}}'
    assert (made.operation, made.resource, made.algorithm) == ("destroy-key", "keys/seal", None)
    assert made.digest.hex() == openssl_sm3(text.encode())
    other = msgspec.structs.replace(SM2_KEY, spki=b"another")
    assert subjects.destruction(other) != made


def test_the_audit_gets_key_algorithm_and_digest_in_a_line() -> None:
    made = subjects.destruction(SM2_KEY)
    assert subjects.described(made) == f"destroy-key keys/seal digest={made.digest.hex()}"
