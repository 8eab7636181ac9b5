"""Time stamps of seals and stamps: by whom, of what, and in which order of time."""

from collections.abc import Callable
from typing import Any

import pytest

from signetd.pki import Revocation
from signetd.seal import Format, parse_stamp, verify_stamp
from signetd.seal.report import Result, Rules
from signetd.seal.verify_chain import MAX_OTHERS, MAX_SOURCES
from tests import tsa
from tests.unit.pki import making
from tests.unit.pki.forest import Entity
from tests.unit.pki.making import DAY, NOW
from tests.unit.seal import judging, shapes, workshop
from tests.unit.seal.judging import Case, case
from tests.unit.seal.workshop import DOCUMENT, MADE, SIGNED, SealPlan, StampPlan, token

V5 = Format.V5
ACCURACY = shapes.seq(shapes.num(86400))
"""A day."""


def no_purpose() -> Entity:
    return workshop.authorities().holder("authority", given=(making.usage("digital_signature"),))


def stranger() -> Entity:
    given = (making.usage("digital_signature"), tsa.purpose())
    return workshop.House("strange").holder("authority", given=given)


CASES = [
    case("seal", lambda: SealPlan(V5, stamped=MADE)),
    case("stamp of version 4", lambda: StampPlan(stamped=SIGNED)),
    case("seal and stamp", lambda: StampPlan(SealPlan(V5, stamped=MADE), stamped=SIGNED)),
    case("imprint by SHA-256",
         lambda: StampPlan(token=lambda data: token(data, SIGNED, used="sha256"))),
    case("seal, stamped before it was made", lambda: SealPlan(V5, stamped=MADE - DAY),
         "SEAL_TIMESTAMP"),
    case("stamp, stamped before it was made", lambda: StampPlan(stamped=SIGNED - DAY),
         "STAMP_TIMESTAMP"),
    case("stamped before, within the accuracy",
         lambda: StampPlan(token=lambda data: token(data, SIGNED - DAY, accuracy=ACCURACY))),
    case("seal, of something else",
         lambda: SealPlan(V5, token=lambda data: token(b"other", MADE)), "SEAL_TIMESTAMP"),
    case("stamp, of something else",
         lambda: StampPlan(token=lambda data: token(b"other", SIGNED)), "STAMP_TIMESTAMP"),
    case("stamp, of the document",
         lambda: StampPlan(token=lambda data: token(DOCUMENT, SIGNED)), "STAMP_TIMESTAMP"),
    case("imprint by SHA-1",
         lambda: StampPlan(token=lambda data: token(data, SIGNED, used="sha1")), "STAMP_TIMESTAMP"),
    case("no token", lambda: StampPlan(token=lambda data: b"\x30\x00"), "STAMP_TIMESTAMP"),
    case("of a certificate for something else",
         lambda: StampPlan(token=lambda data: token(data, SIGNED, no_purpose())),
         "STAMP_TIMESTAMP"),
    case("by an authority that is not trusted",
         lambda: StampPlan(token=lambda data: token(data, SIGNED, stranger())), "STAMP_TIMESTAMP"),
    case("of the future", lambda: StampPlan(stamped=NOW + DAY), "STAMP_TIMESTAMP"),
    case("no authority is trusted", lambda: StampPlan(SealPlan(V5, stamped=MADE), stamped=SIGNED),
         warns="SEAL_TIMESTAMP STAMP_TIMESTAMP", changes=lambda: {"time_authorities": None}),
    case("no authority is trusted, and it is of something else",
         lambda: StampPlan(token=lambda data: token(b"other", SIGNED)), "STAMP_TIMESTAMP",
         changes=lambda: {"time_authorities": None}),
    case("no authority is trusted, and it is too early",
         lambda: StampPlan(stamped=SIGNED - DAY), "STAMP_TIMESTAMP",
         changes=lambda: {"time_authorities": None}),
    case("by the maker's CA, which is no authority for time", lambda: StampPlan(stamped=SIGNED),
         "STAMP_TIMESTAMP",
         changes=lambda: {"time_authorities": workshop.makers().store()}),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.label)
def test_time_stamp(each: Case) -> None:
    judging.check(each)


def test_without_one_the_check_is_not_made() -> None:
    report = workshop.judged(StampPlan(SealPlan(V5)))
    for name in ("SEAL_TIMESTAMP", "STAMP_TIMESTAMP"):
        assert judging.of(report, name).result is Result.NOT_CHECKED


def test_taken_out_the_stamp_is_as_good() -> None:
    """The time stamp is outside what is signed: it can be taken away, but not be exchanged."""
    signed = StampPlan(stamped=SIGNED).der()
    stamp = parse_stamp(signed)
    plain = shapes.stamp(
        stamp.signed,
        certificate=shapes.octets(stamp.certificate),
        signature=shapes.bits(stamp.signature),
    )
    report = verify_stamp(plain, workshop.circumstances(), DOCUMENT)
    judging.expect(report)
    swapped = shapes.tagged(shapes.bits(token(b"other", SIGNED)))
    exchanged = shapes.stamp(
        stamp.signed,
        certificate=shapes.octets(stamp.certificate),
        signature=shapes.bits(stamp.signature),
        token=swapped,
    )
    report = verify_stamp(exchanged, workshop.circumstances(), DOCUMENT)
    judging.expect(report, frozenset({"STAMP_TIMESTAMP"}))


def v1(data: bytes, by: Entity | None = None) -> StampPlan:
    return StampPlan(SealPlan(Format.V1), time_info=shapes.bits(token(data, SIGNED, by)))


def imprinted(digest: bytes) -> StampPlan:
    """A stamp of version 1 whose time is a time stamp with that imprint."""
    imprint = shapes.seq(bytes.fromhex(tsa.HASHES["sm3"]), shapes.octets(digest))
    content = tsa.tst_info(9, imprint=imprint, at=SIGNED)
    made = tsa.signed(content, workshop.authority(), (workshop.authorities().ca,), by_key=True)
    return StampPlan(SealPlan(Format.V1), time_info=shapes.bits(made))


@pytest.mark.parametrize("plan", [lambda: imprinted(DOCUMENT), lambda: v1(DOCUMENT)])
def test_time_info_of_version_1_can_be_a_time_stamp_of_the_document(
    plan: Callable[[], StampPlan],
) -> None:
    report = workshop.judged(plan())
    judging.expect(report)
    assert SIGNED.isoformat() in judging.of(report, "SIGNING_TIME").reason


def test_time_info_of_version_1_can_be_a_time_stamp_of_something_else() -> None:
    report = workshop.judged(v1(b"whatever the maker took"))
    judging.expect(report, warns=frozenset({"STAMP_TIMESTAMP"}))


def test_time_info_of_version_1_by_an_authority_that_is_not_trusted() -> None:
    report = workshop.judged(v1(DOCUMENT, stranger()))
    judging.expect(report, frozenset({"STAMP_TIMESTAMP"}))


def test_the_time_of_making_counts_by_either_rule() -> None:
    report = workshop.judged(SealPlan(V5, stamped=MADE - DAY), rules=Rules.GMT_0031_2025)
    judging.expect(report, frozenset({"SEAL_TIMESTAMP"}))
    reason = judging.of(report, "SEAL_TIMESTAMP").reason
    assert MADE.isoformat() in reason and (MADE - DAY).isoformat() in reason, reason


def test_what_a_time_stamp_brings_is_never_too_much_together_with_what_is_given() -> None:
    """Who verifies gives evidence up to the limits; who made the file cannot push it over."""
    one = workshop.owners().lists()[0]
    lists = [one] * MAX_SOURCES

    def full(data: bytes) -> bytes:
        imprint = shapes.seq(
            bytes.fromhex(tsa.HASHES["sm3"]), shapes.octets(tsa.digest("sm3", data))
        )
        signer, ca = workshop.authority(), workshop.authorities().ca
        return tsa.signed(
            tsa.tst_info(3, imprint=imprint, at=SIGNED),
            signer,
            by_key=True,
            certificates=[signer.der, *[ca.der] * 15],
            lists=[one] * 16,
        )

    others = [workshop.makers().ca.der, workshop.owners().ca.der]
    others += [others[0]] * (MAX_OTHERS - 2)
    report = workshop.judged(StampPlan(token=full), lists=lists, others=others)
    judging.expect(report)


def test_an_authority_whose_certificate_has_expired_since_is_a_warning() -> None:
    given = (making.usage("digital_signature"), tsa.purpose())
    life = (workshop.MADE - 99 * DAY, SIGNED + DAY)
    old = workshop.authorities().holder("authority", given=given, life=life)
    houses = workshop.makers(), workshop.owners(), workshop.authorities()
    evidence: dict[str, Any] = {
        "lists": [each for house in houses for each in house.lists()],
        "revocation": Revocation.REQUIRED,
    }
    plan = StampPlan(token=lambda data: token(data, SIGNED, old))
    report = workshop.judged(plan, **evidence)
    judging.expect(report, warns=frozenset({"STAMP_TIMESTAMP"}))
    late = StampPlan(token=lambda data: token(data, SIGNED + 2 * DAY, old))
    judging.expect(workshop.judged(late, **evidence), frozenset({"STAMP_TIMESTAMP"}))
