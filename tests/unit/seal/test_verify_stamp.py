"""What verification says of stamps: one thing wrong, one check fails."""

import hashlib
from functools import partial

import pytest

from signetd.gm import sm3
from signetd.seal import Format, SealStatus, Standing, parse_seal, parse_stamp, verify_stamp
from signetd.seal.report import Result
from tests.unit.pki import making
from tests.unit.pki.forest import Entity
from tests.unit.pki.making import DAY, NOW
from tests.unit.seal import judging, shapes, workshop
from tests.unit.seal.judging import Case, case
from tests.unit.seal.shapes import ia5, num, octets, seq
from tests.unit.seal.workshop import DOCUMENT, SEAL_LIFE, SIGNED, SealPlan, StampPlan, owners

RSA_WITH_SM3 = making.oid("1.2.156.10197.1.504")
ENCRYPTION = making.usage("key_encipherment", "data_encipherment")
BEFORE = (NOW - 99 * DAY, SIGNED - DAY)
SINCE = (NOW - 99 * DAY, SIGNED + DAY)


def plain(form: Format) -> StampPlan:
    return StampPlan(SealPlan(form))


def digests(*named: tuple[str, bytes]) -> SealPlan:
    """A seal with digests of the owners' certificates."""
    listed = seq(*(seq(shapes.tlv(0x13, name.encode()), octets(value)) for name, value in named))
    return SealPlan(owner_list=(num(2), listed))


def sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def by(given: Entity) -> StampPlan:
    """A stamp by somebody, with a seal that is his."""
    return StampPlan(SealPlan(owners=(given,)), signer=given)


def status(standing: Standing, days: int) -> dict[str, object]:
    """What a status query says, *days* after the signing."""
    return {"status": SealStatus(standing=standing, since=SIGNED + days * DAY)}


CASES = [
    *(case(f"good, {form.name}", partial(plain, form)) for form in Format),
    case("one of several owners",
         lambda: StampPlan(SealPlan(owners=(owners().holder("other"), workshop.owner())))),
    case("digest by SM3", lambda: StampPlan(digests(("SM3", sm3.sm3(workshop.owner().der))))),
    case("digest by SM3's identifier", lambda: StampPlan(
        digests(("1.2.156.10197.1.401", sm3.sm3(workshop.owner().der))))),
    case("digest by SHA-256", lambda: StampPlan(
        digests(("SHA-256", hashlib.sha256(workshop.owner().der).digest())))),
    case("digest by SHA-1", lambda: StampPlan(digests(("SHA1", sha1(workshop.owner().der)))),
         "SIGNER_IN_SEAL"),
    case("digest by another hash than it says", lambda: StampPlan(
        digests(("SHA256", sm3.sm3(workshop.owner().der)))), "SIGNER_IN_SEAL"),
    case("another's certificate", lambda: StampPlan(signer=owners().holder("other")),
         "SIGNER_IN_SEAL"),
    case("the owner's key with a new certificate",
         lambda: StampPlan(signer=owners().holder("owner", serial=77)), "SIGNER_IN_SEAL"),
    case("an owner of another CA", lambda: by(workshop.House("strange").holder("owner")),
         "SIGNER_CERTIFICATE"),
    case("the maker's CA vouches for no owner", lambda: by(workshop.maker()),
         "SIGNER_CERTIFICATE", warns="MAKER_TRUSTED"),
    case("another key's signature", lambda: StampPlan(sign=workshop.sign_by(workshop.maker())),
         "STAMP_SIGNATURE"),
    case("another algorithm", lambda: StampPlan(algorithm=RSA_WITH_SM3), "STAMP_ALGORITHM"),
    case("critical extension",
         lambda: StampPlan(extensions=seq(shapes.extension(critical=b"\x01\x01\xff"))),
         warns="STAMP_EXTENSIONS"),
    case("version 5 with a seal of version 4", lambda: StampPlan(version=5),
         warns="STAMP_VERSION"),
    case("version 7", lambda: StampPlan(version=7), "STAMP_VERSION"),
    case("signer for encryption", lambda: by(owners().holder("owner", given=(ENCRYPTION,))),
         "SIGNER_KEY_USAGE"),
    case("signer's certificate expired before", lambda: by(owners().holder("owner", life=BEFORE)),
         "SIGNER_VALIDITY"),
    case("signer's certificate expired since", lambda: by(owners().holder("owner", life=SINCE))),
    case("signer's certificate was not yet valid",
         lambda: by(owners().holder("owner", life=(SIGNED + DAY, NOW + DAY))), "SIGNER_VALIDITY"),
    case("no CA is trusted for signers", StampPlan, "SIGNER_CERTIFICATE",
         changes=lambda: {"signers": None}),
    case("certificate that is none", lambda: StampPlan(certificate=b"\x30\x00"),
         "SIGNER_CERTIFICATE SIGNER_IN_SEAL STAMP_SIGNATURE"),
    case("another document", lambda: StampPlan(data_hash=bytes(32)), "DOCUMENT_DIGEST"),
    case("signed before the seal was valid", lambda: StampPlan(time=SEAL_LIFE[0] - DAY),
         "SIGNING_TIME"),
    case("signed after the seal's end",
         lambda: StampPlan(SealPlan(life=(SEAL_LIFE[0], SIGNED - DAY))), "SIGNING_TIME",
         "SEAL_VALIDITY"),
    case("signed in time, the seal has ended since",
         lambda: StampPlan(SealPlan(life=(SEAL_LIFE[0], SIGNED + DAY))), warns="SEAL_VALIDITY"),
    case("the seal ends before it begins",
         lambda: StampPlan(SealPlan(life=(SIGNED + DAY, SIGNED - DAY))),
         "SIGNING_TIME SEAL_VALIDITY"),
    case("signed as the seal becomes valid", lambda: StampPlan(time=SEAL_LIFE[0])),
    case("signed as the seal ends", lambda: StampPlan(SealPlan(life=(SEAL_LIFE[0], SIGNED))),
         warns="SEAL_VALIDITY"),
    case("the seal was made a minute after the signing, by the clocks",
         lambda: StampPlan(SealPlan(Format.V5, made=SIGNED + DAY / 1440))),
    case("signed in the future", lambda: StampPlan(time=NOW + DAY), "SIGNING_TIME"),
    case("signed by a clock that is a little fast",
         lambda: StampPlan(time=workshop.later(NOW, 0).replace(minute=1))),
    case("signed before the seal was made, version 4",
         lambda: StampPlan(SealPlan(made=SIGNED + DAY)), warns="CREATE_TIME"),
    case("signed before the seal was made, version 5",
         lambda: StampPlan(SealPlan(Format.V5, made=SIGNED + DAY)), "CREATE_TIME"),
    case("maker's certificate expired before", lambda: StampPlan(
        SealPlan(maker=workshop.makers().holder("maker", life=BEFORE))), "MAKER_VALIDITY"),
    case("maker's certificate expired since", lambda: StampPlan(
        SealPlan(maker=workshop.makers().holder("maker", life=SINCE)))),
    case("the seal's signature is another key's", lambda: StampPlan(
        SealPlan(sign=workshop.sign_by(workshop.owner()))), "SEAL_SIGNATURE"),
    case("cancelled before", StampPlan, "SEAL_STATUS",
         changes=lambda: status(Standing.CANCELLED, -1)),
    case("cancelled since", StampPlan, warns="SEAL_STATUS",
         changes=lambda: status(Standing.CANCELLED, 1)),
    case("suspended since", StampPlan, warns="SEAL_STATUS",
         changes=lambda: status(Standing.SUSPENDED, 1)),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.label)
def test_stamp(each: Case) -> None:
    judging.check(each)


def test_without_the_document_the_report_is_of_the_stamp_alone() -> None:
    report = workshop.judged(StampPlan(data_hash=bytes(32)), digest=None)
    judging.expect(report)
    assert judging.of(report, "DOCUMENT_DIGEST").result is Result.NOT_CHECKED


@pytest.mark.parametrize("digest", [b"", DOCUMENT[:-1], DOCUMENT + b"\0"])
def test_a_digest_of_another_length_is_the_callers_error(digest: bytes) -> None:
    with pytest.raises(ValueError, match=f"document_digest has {len(digest)} bytes"):
        verify_stamp(b"", workshop.circumstances(), digest)


def test_a_stamp_that_was_read_is_judged_like_its_bytes() -> None:
    data, given = StampPlan().der(), workshop.circumstances()
    read = verify_stamp(parse_stamp(data), given, DOCUMENT)
    assert read == verify_stamp(data, given, DOCUMENT)


def test_a_seal_in_a_stamp_is_the_one_that_was_made() -> None:
    seal = SealPlan().der()
    stamp = parse_stamp(StampPlan(seal, Format.V4).der())
    assert stamp.seal == parse_seal(seal)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"no stamp", SealPlan])
def test_what_is_no_stamp_fails_in_the_format(data: object) -> None:
    given = data if isinstance(data, bytes) else SealPlan().der()
    report = verify_stamp(given, workshop.circumstances(), DOCUMENT)
    judging.expect(report, frozenset({"FORMAT"}))
    assert {each.result for each in report.checks[1:]} == {Result.NOT_CHECKED}
    assert report.checks[0].about == "stamp"


def test_the_place_of_a_malformed_seal_in_a_stamp_is_told() -> None:
    seal = shapes.seal(shapes.info(seal_id=ia5("x" * 2000)))
    report = verify_stamp(shapes.stamp(shapes.to_sign(eseal=seal)), workshop.circumstances(), None)
    assert "toSign.eseal.eSealInfo.esID" in report.checks[0].reason, report.checks[0]


def test_a_time_that_cannot_be_read_is_judged_as_of_now() -> None:
    """In version 1 timeInfo may be a time stamp; one that is none tells no time."""
    junk = shapes.bits(seq(num(1), octets(b"no token")))
    report = workshop.judged(StampPlan(SealPlan(Format.V1), time_info=junk))
    failed = judging.names(report, Result.FAILED)
    assert failed == {"SIGNING_TIME", "STAMP_TIMESTAMP"}, report


def test_each_check_is_told_what_it_is_about_and_where_it_is_asked_for() -> None:
    report = workshop.judged(StampPlan(SealPlan(Format.V1)))
    about = {each.name: each.about for each in report.checks}
    assert about["DOCUMENT_DIGEST"] == "document"
    assert about["SEAL_SIGNATURE"] == about["MAKER_TRUSTED"] == about["SEAL_STATUS"] == "seal"
    assert about["FORMAT"] == about["SIGNER_IN_SEAL"] == about["SIGNING_TIME"] == "stamp"
    clauses = {each.name: each.clause for each in report.checks}
    assert clauses["STAMP_SIGNATURE"] == "GM/T 0031-2014, 6.2.3 b"
    assert clauses["SIGNER_IN_SEAL"] == "GM/T 0031-2014, 6.2.2 c"
    assert clauses["SEAL_SIGNATURE"] == "GM/T 0031-2014, 6.1.2 b"
    assert clauses["SEAL_VALIDITY"] == "GM/T 0031-2014, 6.1.2 d"
    assert clauses["MAKER_VALIDITY"] == "GM/T 0031-2014, 6.1.2 c"


@pytest.mark.parametrize("text", ["99991231235959Z", "00010101000000Z", "00010102000000+1200"])
def test_times_at_the_ends_of_the_calendar_give_a_report(text: str) -> None:
    report = workshop.judged(StampPlan(time_info=shapes.gtime(text)))
    assert "SIGNING_TIME" in judging.names(report, Result.FAILED)


@pytest.mark.parametrize("year", [1000, 9999])
def test_seals_of_all_times_give_a_report(year: int) -> None:
    then = NOW.replace(year=year)
    report = workshop.judged(StampPlan(SealPlan(made=then, life=(then, then))))
    assert "SIGNING_TIME" in judging.names(report, Result.FAILED)
