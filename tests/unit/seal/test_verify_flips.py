"""No octet of a seal or stamp can be altered unnoticed, but for those that time stamps do not sign.

What a time stamp does not sign is told in docs/seal-verification.md: the version of SignedData and
which hashes it names, the certificates of CAs that came with it, and the case of letters in the
name of its issuer.
"""

import hashlib

import pytest

from signetd.pki import Certificate
from signetd.seal import Format, verify_seal, verify_stamp
from signetd.seal.report import Report, Result, Verdict
from tests import tsa
from tests.unit.seal import tamper, workshop
from tests.unit.seal.workshop import DOCUMENT, MADE, SIGNED, SealPlan, StampPlan

PARTS = 4
"""Of the octets of one file, for tests that run at the same time."""
VERSION_AND_HASHES = b"\x03\x31\x0c" + bytes.fromhex(tsa.HASHES["sm3"])


def judge(kind: str, data: bytes) -> Report:
    given = workshop.circumstances()
    return verify_seal(data, given) if kind == "seal" else verify_stamp(data, given, DOCUMENT)


def survivors(kind: str, data: bytes, step: int = 1, first: int = 0) -> list[int]:
    """Return where an octet can be altered, and the verdict stays: of every *step*-th."""
    assert judge(kind, data).verdict is Verdict.GOOD
    copies = list(tamper.flipped(data))[first::step]
    return [offset for offset, copy in copies if judge(kind, copy).verdict is Verdict.GOOD]


@pytest.mark.parametrize("first", range(PARTS))
@pytest.mark.parametrize("kind", ["seal", "stamp"])
def test_no_octet_of_version_4(kind: str, first: int) -> None:
    data = workshop.seal_once() if kind == "seal" else workshop.stamp_once()
    found = survivors(kind, data, PARTS, first)
    assert found == [], f"octets of a {kind} that nobody misses: {found}"


@pytest.mark.parametrize("kind", ["seal", "stamp"])
@pytest.mark.parametrize("form", [Format.V1, Format.V5])
def test_no_octet_of_other_versions(kind: str, form: Format) -> None:
    """Every third, to be quick, so that each bit of an octet has its turn."""
    data = SealPlan(form).der() if kind == "seal" else StampPlan(SealPlan(form)).der()
    found = survivors(kind, data, 3)
    assert found == [], f"octets of a {kind} of {form.name} that nobody misses: {found}"


def unsigned(data: bytes, token_count: int) -> set[int]:
    """Return the octets of time stamps that they do not sign."""
    ca = workshop.authorities().ca.der
    found: set[int] = set()
    for part in (ca, VERSION_AND_HASHES):
        assert data.count(part) == token_count, "each time stamp has it once"
        start = -1
        for _ in range(token_count):
            start = data.index(part, start + 1)
            found |= set(range(start, start + len(part)))
    # Names are compared whatever the case; in a token the last one names the signer's issuer.
    name = Certificate.read(ca).subject
    last = data.rindex(name)
    return found | {at for at in range(last, last + len(name)) if chr(data[at]).isalpha()}


@pytest.mark.parametrize("kind", ["seal", "stamp"])
def test_of_a_time_stamp_what_it_signs(kind: str) -> None:
    seal = SealPlan(Format.V5, stamped=MADE)
    data = seal.der() if kind == "seal" else StampPlan(SealPlan(), stamped=SIGNED).der()
    stray = set(survivors(kind, data, 5)) - unsigned(data, 1)
    assert not stray, f"octets that nobody misses: {sorted(stray)}"


@pytest.mark.parametrize("kind", ["seal", "stamp"])
@pytest.mark.parametrize("form", tuple(Format))
def test_cut_short_or_lengthened(kind: str, form: Format) -> None:
    seal = SealPlan(form)
    data = seal.der() if kind == "seal" else StampPlan(seal).der()
    for offset, copy in (*tamper.truncated(data), *tamper.lengthened(data)):
        failed = [each for each in judge(kind, copy).checks if each.result.value == "failed"]
        assert [each.name for each in failed] == ["FORMAT"], f"cut or lengthened at {offset}"


def test_the_makers_certificate_of_version_4_is_not_signed_and_yet_not_exchangeable() -> None:
    """In GB/T 38540 the maker signs the seal's information alone.

    Another certificate for the maker's own key verifies the signature as well. It is good only if
    it is a maker's certificate itself, and a list of accepted makers tells them apart.
    """
    own = workshop.maker()
    anew = workshop.makers().holder("maker", serial=4711)
    assert anew.key is own.key and anew.der != own.der
    exchanged = SealPlan(certificate=anew.der)
    assert workshop.judged(exchanged).verdict is Verdict.GOOD
    accepted = frozenset({hashlib.sha256(own.der).hexdigest()})
    report = workshop.judged(exchanged, accepted_makers=accepted)
    assert report.verdict is Verdict.BAD


def test_the_makers_certificate_of_version_1_is_signed() -> None:
    own, anew = workshop.maker(), workshop.makers().holder("maker", serial=4711)
    signed = workshop.sign_by(own)

    def with_the_other(data: bytes) -> bytes:
        return signed(data.replace(anew.der, own.der))

    made = SealPlan(Format.V1, certificate=anew.der, sign=with_the_other)
    report = workshop.judged(made)
    assert {each.name for each in report.checks if each.result is Result.FAILED} == {
        "SEAL_SIGNATURE"
    }
