"""The good fixtures of seals, confirmed by programs that had no part in making them.

gmssl verifies signatures, asn1crypto cuts the files and reads tokens, cryptography reads
certificates; openssl verifies each step of a path, and the lists of revoked certificates.
"""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]  # it ships no types
from cryptography import x509
from gmssl import sm2  # type: ignore[import-untyped]  # it ships no types

from tests.unit.seal import cutting
from tests.vectors.seals import loading
from tests.vectors.seals.generator import openssl, times
from tests.vectors.seals.loading import Case

GOOD: Final = [each for each in loading.cases() if each.file.startswith("good")]
TIMED: Final = [each for each in GOOD if each.fields.get("token")]
POINT: Final = 65
DISTID: Final = "distid:1234567812345678"
SURROUNDINGS: Final = loading.surroundings()
CA: Final = SURROUNDINGS.intermediates[0]
ROOTS: Final = {each.stem: each.read_bytes() for each in SURROUNDINGS.trust.iterdir()}


def read(certificate: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate)


def point_of(certificate: bytes) -> bytes:
    """Return the public key, 04 ‖ x ‖ y, which is the end of an SM2 key."""
    listed = cutting.fields(cutting.fields(certificate)[0])
    return cutting.octets(cutting.fields(listed[6])[1])[-POINT:]


def gmssl_accepts(certificate: bytes, message: bytes, signature: bytes) -> bool:
    checker = sm2.CryptSM2(private_key="", public_key="", asn1=True)
    # Its constructor removes the first digits of some keys, so that this has to be set afterwards.
    checker.public_key = point_of(certificate)[1:].hex()
    return bool(checker.verify_with_sm3(signature.hex(), message))


def run(*arguments: str) -> tuple[bool, str]:
    done = subprocess.run(["openssl", *arguments], capture_output=True, timeout=60)
    return done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")


def openssl_accepts(folder: Path, certificate: bytes, message: bytes, signature: bytes) -> bool:
    for name, data in (("c", certificate), ("m", message), ("s", signature)):
        (folder / name).write_bytes(data)
    key = ("-pubkey", "-noout", "-out", str(folder / "k"))
    assert run("x509", "-inform", "DER", "-in", str(folder / "c"), *key)[0]
    by = ("-pubin", "-inkey", str(folder / "k"), "-rawin", "-digest", "sm3", "-pkeyopt", DISTID)
    of = ("-in", str(folder / "m"), "-sigfile", str(folder / "s"))
    return run("pkeyutl", "-verify", *by, *of)[0]


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_gmssl_accepts_the_signatures(case: Case) -> None:
    for each in cutting.signatures(case.kind, case.data):
        assert gmssl_accepts(each.certificate, each.message, each.signature), (
            f"a signature of {case.name} is not accepted by gmssl"
        )
        assert not gmssl_accepts(each.certificate, each.message + b"\x00", each.signature)


def certificates() -> dict[bytes, None]:
    """Return those of makers, signers and owners in the good fixtures, each once."""
    return {
        found: None
        for case in GOOD
        for found in (
            *(each.certificate for each in cutting.signatures(case.kind, case.data)),
            *cutting.owners(case.kind, case.data),
        )
    }


def verified(folder: Path, certificate: bytes, issuer: bytes, *options: str) -> str:
    """Verify one step, which is all that openssl 3.0 can do with SM2; return what is wrong."""
    for name, data in (("child", certificate), ("issuer", issuer)):
        path = folder / name
        path.write_bytes(openssl.run("x509", "-inform", "DER", data=data))
    at = str(int((times.SIGNED + timedelta(hours=1)).timestamp()))
    anchors = ("-partial_chain", "-no-CApath", "-no-CAstore", "-CAfile", str(folder / "issuer"))
    good, said = run("verify", *anchors, "-attime", at, *options, str(folder / "child"))
    return "" if good else said


def test_openssl_accepts_each_step_of_the_paths(tmp_path: Path) -> None:
    found = certificates()
    assert len(found) >= 8, "the good fixtures have fewer certificates than there are owners"
    for certificate in found:
        name = read(certificate).subject.rfc4514_string() if b"@" not in certificate else "e-mail"
        assert not (said := verified(tmp_path, certificate, CA, "-vfyopt", DISTID)), (
            f"{name}: {said}"
        )
    assert not verified(tmp_path, CA, ROOTS["root"], "-vfyopt", DISTID)


def test_a_stranger_is_not_accepted(tmp_path: Path) -> None:
    """So that the test before can fail."""
    stranger = cutting.of_seal(loading.case("v4-maker-stranger").data).certificate
    assert "issuer certificate" in verified(tmp_path, stranger, CA, "-vfyopt", DISTID)


def test_cryptography_reads_the_certificates() -> None:
    for each in certificates():
        loaded = read(each)
        usage = loaded.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.digital_signature and usage.content_commitment
        assert loaded.not_valid_before_utc <= times.CREATED < loaded.not_valid_after_utc


@pytest.mark.parametrize("name", ["root", "ca", "rsa-root"])
def test_openssl_accepts_the_lists_of_revoked_certificates(name: str, tmp_path: Path) -> None:
    issuer = CA if name == "ca" else ROOTS[name]
    encoded = (loading.FOLDER / "crls" / f"{name}.crl").read_bytes()
    told, _, signature = cutting.fields(encoded)
    if name == "rsa-root":
        (tmp_path / "issuer").write_bytes(openssl.run("x509", "-inform", "DER", data=issuer))
        at = ("-inform", "DER", "-in", str(loading.FOLDER / "crls" / f"{name}.crl"))
        good, said = run("crl", *at, "-noout", "-CAfile", str(tmp_path / "issuer"))
        assert good and "verify OK" in said, said
    else:
        assert openssl_accepts(tmp_path, issuer, told, cutting.octets(signature))
    loaded = x509.load_der_x509_crl(encoded)
    assert loaded.last_update_utc == times.LISTED and loaded.next_update_utc == times.END
    assert len(list(loaded)) == (4 if name == "ca" else 0)


def token_of(case: Case) -> tuple[bytes, bytes]:
    """Return a token, and what it is over."""
    cut = cutting.of_seal if case.kind == "seal" else cutting.of_stamp
    found = cut(case.data)
    assert found.token is not None
    if case.format == 1:
        return found.token, bytes.fromhex(case.fields["data_hash"])
    return found.token, found.signature


def parts_of(token: bytes) -> tuple[Any, bytes]:
    """Return SignedData as asn1crypto reads it, by whichever identifier, and its TSTInfo."""
    data = cms.SignedData.load(cutting.fields(cutting.fields(token)[1])[0])
    content = data["encap_content_info"]["content"]
    return data, bytes(content.contents if not content.parsed else content)


@pytest.mark.parametrize("case", TIMED, ids=lambda case: case.name)
def test_tokens_are_over_the_signature(case: Case, tmp_path: Path) -> None:
    token, over = token_of(case)
    data, _ = parts_of(token)
    told = data["encap_content_info"]["content"].parsed
    assert isinstance(told, tsp.TSTInfo)
    assert told["message_imprint"]["hash_algorithm"]["algorithm"].dotted == "1.2.156.10197.1.401"
    assert told["message_imprint"]["hashed_message"].native == openssl.sm3(over)
    if case.name.endswith("-rsa"):
        accepted_by_openssl_ts(token, over, tmp_path)
        return
    assert told["gen_time"].native == times.STAMPED
    signer = data["signer_infos"][0]
    attributes = signer["signed_attrs"].untag().dump()
    certificate = data["certificates"][0].chosen.dump()
    digests = [
        each["values"][0].native
        for each in signer["signed_attrs"]
        if each["type"].native == "message_digest"
    ]
    assert digests == [openssl.sm3(told.dump())]
    assert openssl_accepts(tmp_path, certificate, attributes, signer["signature"].native)
    assert not verified(tmp_path, certificate, CA, "-vfyopt", DISTID, "-purpose", "timestampsign")


def accepted_by_openssl_ts(token: bytes, over: bytes, folder: Path) -> None:
    (folder / "token").write_bytes(token)
    (folder / "data").write_bytes(over)
    (folder / "root").write_bytes(openssl.run("x509", "-inform", "DER", data=ROOTS["rsa-root"]))
    of = ("-data", str(folder / "data"), "-in", str(folder / "token"), "-token_in")
    good, said = run("ts", "-verify", *of, "-CAfile", str(folder / "root"))
    assert good and "Verification: OK" in said, said
    assert core.load(token, strict=True)


def test_the_generator_has_nothing_but_python_and_openssl() -> None:
    """It must not be led astray by what it is there to test."""
    asked = "import sys, tests.vectors.seals.generator.__main__; print(*sorted(sys.modules))"
    root = loading.FOLDER.parents[2]
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=root, capture_output=True, check=True, timeout=60
    )
    loaded = {each.split(".")[0] for each in done.stdout.decode().split()}
    assert "tests" in loaded
    assert not loaded & {"signetd", "asn1crypto", "cryptography", "gmssl", "pyasn1", "msgspec"}
