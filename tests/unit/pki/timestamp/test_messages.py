"""Requests that others understand, and responses that say no, in words."""

import subprocess

import pytest
from asn1crypto import tsp  # type: ignore[import-untyped]  # it ships no types

from signetd.pki import InputError
from signetd.pki import timestamp as ts
from tests import tsa
from tests.unit.pki import making
from tests.unit.pki.timestamp import stamps

GRANTED = making.tlv(0x30, making.integer(0))
SNAKE = {
    "badAlg": "bad_alg",
    "badRequest": "bad_request",
    "badDataFormat": "bad_data_format",
    "timeNotAvailable": "time_not_available",
    "unacceptedPolicy": "unaccepted_policy",
    "unacceptedExtension": "unaccepted_extensions",
    "addInfoNotAvailable": "add_info_not_available",
    "systemFailure": "system_failure",
}


def as_asn1crypto_reads(response: bytes) -> object:
    """So that the test's own writer is known to be right. It wants a token in every response."""
    return tsp.PKIStatusInfo.load(response[2:])["fail_info"].native


def openssl_text(request: bytes) -> str:
    done = subprocess.run(
        ["openssl", "ts", "-query", "-in", "/dev/stdin", "-text"],
        input=request,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, f"openssl does not read our request: {done.stderr.decode()}"
    return done.stdout.decode()


@pytest.mark.parametrize("name", ["sm3", "sha256", "sha384", "sha512"])
def test_openssl_understands_a_request(name: str) -> None:
    digest = tsa.digest(name, stamps.DATA)
    text = openssl_text(ts.request(name, digest, nonce=stamps.NONCE, policy="1.2.156.1.2"))
    assert f"Hash Algorithm: {name}" in text
    assert "Policy OID: 1.2.156.1.2" in text
    assert "Nonce: 0x1234567890ABCDEF" in text
    assert "Certificate required: yes" in text
    shown = "".join(
        line.split(" - ")[1].rpartition("   ")[0] for line in text.splitlines() if " - " in line
    )
    assert bytes.fromhex(shown.replace("-", " ")) == digest


def test_a_request_can_do_without_nonce_policy_and_certificates() -> None:
    request = ts.request("sm3", bytes(32), nonce=None, certificates=False)
    text = openssl_text(request)
    assert "Nonce: unspecified" in text
    assert "Policy OID: unspecified" in text
    assert "Certificate required: no" in text
    assert not tsp.TimeStampReq.load(request)["cert_req"].native


@pytest.mark.parametrize(
    ("name", "size", "nonce", "named"),
    [
        ("sha1", 20, 1, "imprint_algorithm"),
        ("md5", 16, 1, "imprint_algorithm"),
        ("sm3", 31, 1, "digest"),
        ("sha512", 32, 1, "digest"),
        ("sm3", 32, 0, "nonce"),
        ("sm3", 32, -5, "nonce"),
        ("sm3", 32, 1 << 160, "nonce"),
    ],
)
def test_what_makes_no_request_is_refused(name: str, size: int, nonce: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ts.request(name, bytes(size), nonce=nonce)


def test_the_token_of_a_response() -> None:
    token = stamps.token()
    assert ts.read_response(tsa.granted(token)) == token
    with_mods = making.tlv(0x30, making.tlv(0x30, making.integer(1)), token)
    assert ts.read_response(with_mods) == token


@pytest.mark.parametrize(
    ("failure", "name", "passing"),
    [
        (0, "badAlg", False),
        (2, "badRequest", False),
        (5, "badDataFormat", False),
        (14, "timeNotAvailable", True),
        (15, "unacceptedPolicy", False),
        (16, "unacceptedExtension", False),
        (17, "addInfoNotAvailable", False),
        (25, "systemFailure", True),
        (3, "bit 3", False),
    ],
)
def test_a_refusal_is_told_in_words(failure: int, name: str, passing: bool) -> None:
    response = tsa.refused(2, failure, "不行\n\x1b[31m")
    with pytest.raises(ts.RefusedError) as caught:
        ts.read_response(response)
    error = caught.value
    assert (error.status, error.failures, error.passing) == ("rejection", (name,), passing)
    assert name in str(error)
    assert "不行" in str(error)
    assert str(error).isprintable(), "an authority must not write lines of our log"
    assert as_asn1crypto_reads(response) == {SNAKE.get(name, failure)}


@pytest.mark.parametrize(
    ("status", "name"), [(3, "waiting"), (5, "revocationNotification"), (9, "status 9")]
)
def test_other_statuses_are_refusals(status: int, name: str) -> None:
    with pytest.raises(ts.RefusedError) as caught:
        ts.read_response(tsa.refused(status))
    assert caught.value.status == name


def test_the_text_of_a_refusal_is_cut() -> None:
    with pytest.raises(ts.RefusedError) as caught:
        ts.read_response(tsa.refused(2, 2, "x" * 5000))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"<html>no</html>",
        bytes(100),
        making.tlv(0x30, GRANTED),
        making.tlv(0x30, GRANTED, b"\x04\x00"),
        making.tlv(0x30, making.tlv(0x30)),
        making.tlv(0x30, GRANTED, making.tlv(0x30), b"\x05\x00"),
        making.tlv(0x30, making.tlv(0x30, making.integer(2), making.tlv(3))),
        tsa.refused()[:-1],
        tsa.refused() + b"\x00",
        bytes(300 * 1024),
    ],
    ids=["empty", "html", "zeros", "no token", "not a token", "no status", "more", "bits", "cut",
         "left over", "huge"],
)  # fmt: skip
def test_what_is_no_response(response: bytes) -> None:
    with pytest.raises(InputError, match="time-stamp response"):
        ts.read_response(response)
