"""What verification says of seals: one thing wrong, one check fails."""

import hashlib
from functools import partial
from typing import Any

import pytest

from signetd.gm import sm3
from signetd.pki import Certificate, TrustStore
from signetd.seal import Circumstances, Format, SealStatus, Standing, verify_seal
from signetd.seal.report import Result, Rules
from tests.unit.pki import holders, making
from tests.unit.pki.making import DAY, NOW, tlv
from tests.unit.seal import judging, shapes, workshop
from tests.unit.seal.judging import Case, case
from tests.unit.seal.workshop import SealPlan, makers, sign_by

RSA_WITH_SM3 = making.oid("1.2.156.10197.1.504")
ENCRYPTION = making.usage("key_encipherment", "data_encipherment")


def lenient(signature: bytes, zeros: int) -> bytes:
    """Write r with *zeros* more octets before it, or with those gone that keep it positive."""
    size = signature[3]
    r, rest = signature[4 : 4 + size], signature[4 + size :]
    r = bytes(zeros) + r if zeros else r.lstrip(b"\0")
    return tlv(0x30, tlv(2, r), rest)


def with_zeros(data: bytes) -> bytes:
    return lenient(holders.sign(workshop.maker().key, data), 2)


def without_zero(data: bytes) -> bytes:
    """Sign until r needs a zero, and leave it out: a negative INTEGER."""
    while True:
        signature = holders.sign(workshop.maker().key, data)
        if signature[4] == 0:
            return lenient(signature, 0)


def raw(data: bytes) -> bytes:
    signature = holders.sign(workshop.maker().key, data)
    size = signature[3]
    r, s = signature[4 : 4 + size], signature[6 + size :]
    return b"".join(each.lstrip(b"\0").rjust(32, b"\0") for each in (r, s))


def self_made() -> SealPlan:
    """A seal that one with a maker's CA's certificate has made for himself."""
    return SealPlan(owners=(workshop.maker(),))


CASES = [
    *(case(f"good, {form.name}", partial(SealPlan, form)) for form in Format),
    *(
        case(f"good by GM/T 0031, {form.name}", partial(SealPlan, form),
             changes=lambda: {"rules": Rules.GMT_0031_2025})
        for form in Format
    ),
    case("version 1 with the 11 of the standard's text", lambda: SealPlan(Format.V1, version=11)),
    case("version 1 with 4", lambda: SealPlan(Format.V1, version=4), warns="VERSION"),
    case("version 6", lambda: SealPlan(version=6), "VERSION"),
    case("version 4 with a time stamp", lambda: SealPlan(Format.V4, stamped=workshop.MADE),
         "VERSION"),
    case("extension, not critical",
         lambda: SealPlan(extensions=shapes.seq(shapes.extension(critical=b"\x01\x01\x00")))),
    case("critical extension",
         lambda: SealPlan(extensions=shapes.seq(shapes.extension(critical=b"\x01\x01\xff"))),
         warns="SEAL_EXTENSIONS"),
    case("another algorithm", lambda: SealPlan(algorithm=RSA_WITH_SM3), "SIGNATURE_ALGORITHM"),
    case("another algorithm, version 1", lambda: SealPlan(Format.V1, algorithm=RSA_WITH_SM3),
         "SIGNATURE_ALGORITHM"),
    case("another key's signature", lambda: SealPlan(sign=sign_by(workshop.owner())),
         "SEAL_SIGNATURE"),
    case("another signer ID", lambda: SealPlan(sign=sign_by(workshop.maker(), b"somebody")),
         "SEAL_SIGNATURE"),
    case("the signer ID that is given",
         lambda: SealPlan(sign=sign_by(workshop.maker(), b"somebody")),
         changes=lambda: {"signer_id": b"somebody"}),
    case("signature r‖s", lambda: SealPlan(sign=raw), "SEAL_SIGNATURE"),
    case("no signature", lambda: SealPlan(sign=lambda data: b""), "SEAL_SIGNATURE"),
    case("superfluous zeros", lambda: SealPlan(sign=with_zeros), warns="SEAL_SIGNATURE"),
    case("a negative INTEGER", lambda: SealPlan(sign=without_zero), warns="SEAL_SIGNATURE"),
    case("made later, version 4", lambda: SealPlan(made=NOW + DAY), warns="CREATE_TIME"),
    case("made later, version 5", lambda: SealPlan(Format.V5, made=NOW + DAY), "CREATE_TIME"),
    case("expired", lambda: SealPlan(life=(NOW - 9 * DAY, NOW - DAY)), "SEAL_VALIDITY"),
    case("not yet valid", lambda: SealPlan(life=(NOW + DAY, NOW + 9 * DAY)), "SEAL_VALIDITY"),
    case("valid to the second", lambda: SealPlan(life=(NOW, NOW))),
    case("maker of RSA", lambda: SealPlan(maker=makers().holder("rsa", kind="rsa")),
         "SEAL_SIGNATURE"),
    case("maker for encryption",
         lambda: SealPlan(maker=makers().holder("maker", given=(ENCRYPTION,))),
         "MAKER_KEY_USAGE"),
    case("maker expired",
         lambda: SealPlan(maker=makers().holder("maker", life=(NOW - 99 * DAY, NOW - DAY))),
         "MAKER_VALIDITY"),
    case("maker of a stranger's CA",
         lambda: SealPlan(maker=workshop.House("strange").holder("maker")),
         "MAKER_CERTIFICATE MAKER_TRUSTED"),
    case("maker with an owner's certificate", lambda: SealPlan(maker=workshop.owner()),
         "MAKER_CERTIFICATE MAKER_TRUSTED"),
    case("a certificate that is none", lambda: SealPlan(certificate=b"\x30\x03\x02\x01\x05"),
         "MAKER_CERTIFICATE MAKER_TRUSTED SEAL_SIGNATURE"),
    case("a certificate in PEM", lambda: SealPlan(certificate=workshop.maker().pem),
         "MAKER_CERTIFICATE MAKER_TRUSTED SEAL_SIGNATURE"),
    case("made by its owner", self_made, warns="MAKER_TRUSTED"),
    case("in use", SealPlan, changes=lambda: {"status": SealStatus(standing=Standing.GOOD)}),
    case("suspended", SealPlan, "SEAL_STATUS",
         changes=lambda: {"status": SealStatus(standing=Standing.SUSPENDED, since=NOW)}),
    case("cancelled, not said when", SealPlan, "SEAL_STATUS",
         changes=lambda: {"status": SealStatus(standing=Standing.CANCELLED)}),
    case("to be cancelled", SealPlan, warns="SEAL_STATUS",
         changes=lambda: {"status": SealStatus(standing=Standing.CANCELLED, since=NOW + DAY)}),
    case("not registered", SealPlan, "SEAL_STATUS",
         changes=lambda: {"status": SealStatus(standing=Standing.UNKNOWN)}),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.label)
def test_seal(each: Case) -> None:
    judging.check(each)


@pytest.mark.parametrize("digest", [lambda der: hashlib.sha256(der).hexdigest(),
                                    lambda der: sm3.sm3(der).hex()],
                         ids=["sha256", "sm3"])  # fmt: skip
def test_maker_is_one_of_those_accepted(digest: object) -> None:
    assert callable(digest)
    accepted = frozenset({"00" * 32, digest(workshop.maker().der)})
    judging.expect(workshop.judged(SealPlan(), accepted_makers=accepted))


def test_a_maker_who_is_not_accepted_fails_with_the_reason() -> None:
    report = workshop.judged(SealPlan(), accepted_makers=frozenset({"00" * 32}))
    judging.expect(report, frozenset({"MAKER_TRUSTED"}))
    check = judging.of(report, "MAKER_TRUSTED")
    fingerprint = hashlib.sha256(workshop.maker().der).hexdigest()
    assert "CN=maker" in check.reason and fingerprint in check.reason, check.reason
    assert "名单" in check.reason_zh
    assert judging.of(report, "SEAL_SIGNATURE").result is Result.PASSED


def test_nobody_is_accepted_by_an_empty_list() -> None:
    report = workshop.judged(SealPlan(), accepted_makers=frozenset())
    judging.expect(report, frozenset({"MAKER_TRUSTED"}))


def test_a_list_of_makers_does_not_replace_the_chain() -> None:
    stranger = workshop.House("strange").holder("maker")
    accepted = frozenset({hashlib.sha256(stranger.der).hexdigest()})
    report = workshop.judged(SealPlan(maker=stranger), accepted_makers=accepted)
    judging.expect(report, frozenset({"MAKER_CERTIFICATE"}))


def test_the_makers_certificate_itself_can_be_trusted() -> None:
    stranger = workshop.House("strange").holder("maker")
    store = TrustStore("pinned", [Certificate.read(stranger.der)])
    report = workshop.judged(SealPlan(maker=stranger), makers=store)
    judging.expect(report)
    assert "itself" in judging.of(report, "MAKER_TRUSTED").reason


def test_the_rest_is_not_checked_when_the_format_is_wrong() -> None:
    seal = SealPlan().der()
    report = verify_seal(seal[:-1], workshop.circumstances())
    judging.expect(report, frozenset({"FORMAT"}))
    first, *rest = report.checks
    assert "byte" in first.reason and "位置" in first.reason_zh, first
    assert {each.result for each in rest} == {Result.NOT_CHECKED}
    assert [each.name for each in report.checks] == [
        each.name for each in workshop.judged(SealPlan()).checks
    ], "a report has the same checks, whatever was wrong"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"at": NOW.replace(tzinfo=None)}, "at has no time zone"),
        ({"signer_id": bytes(8192)}, "signer_id has at most 8191 bytes"),
        ({"accepted_makers": frozenset({"AB" * 32})}, "lower-case"),
        ({"accepted_makers": frozenset(f"{n:064x}" for n in range(4097))}, "at most 4096"),
    ],
)
def test_circumstances_that_make_no_sense_are_refused(
    changes: dict[str, object], says: str
) -> None:
    given: dict[str, object] = {
        "rules": Rules.GBT_38540, "at": NOW, "makers": makers().store(), **changes,
    }  # fmt: skip
    with pytest.raises(ValueError, match=says):
        Circumstances(**given)  # type: ignore[arg-type]  # as Circumstances itself says


def test_a_status_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="since has no time zone"):
        SealStatus(standing=Standing.SUSPENDED, since=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("name", ["others", "lists", "responses"])
def test_evidence_that_cannot_be_read_is_the_callers_error(name: str) -> None:
    nothing: dict[str, Any] = {name: [b"nothing"]}
    with pytest.raises(ValueError, match=f"{name}, number 1"):
        workshop.judged(SealPlan(), **nothing)
    many: dict[str, Any] = {name: [b""] * 257}
    with pytest.raises(ValueError, match="more than"):
        workshop.judged(SealPlan(), **many)
