"""Certificates that were good once: the rules for makers, the time of signing for owners."""

from collections.abc import Sequence
from typing import Any

import pytest

from signetd.pki import Revocation
from signetd.seal import Format
from signetd.seal.report import Report, Result, Rules
from tests import tsa
from tests.unit.pki import evidence, making
from tests.unit.pki.evidence import Revoked, reason
from tests.unit.pki.forest import Entity
from tests.unit.pki.making import DAY, NOW
from tests.unit.seal import judging, workshop
from tests.unit.seal.workshop import MADE, SIGNED, Life, SealPlan, StampPlan, makers, owners

OLD: Life = (NOW - 99 * DAY, NOW - 2 * DAY)
"""Of a certificate that has expired since the seal was made, and since the stamp was."""
BOTH = tuple(Rules)


def revoked(entity: Entity, at: Any, why: str = "") -> Revoked:
    return entity.serial, at, [reason(why)] if why else []


def judged(
    plan: SealPlan | StampPlan,
    *of_makers: Revoked,
    of_owners: Sequence[Revoked] = (),
    **changes: Any,
) -> Report:
    """Judge with the lists of all CAs, which must tell of every certificate."""
    time = workshop.authorities().lists()
    lists = [*makers().lists(*of_makers), *owners().lists(*of_owners), *time]
    return workshop.judged(plan, **{"lists": lists, "revocation": Revocation.REQUIRED, **changes})


def expect(report: Report, fails: str = "", warns: str = "") -> None:
    judging.expect(report, frozenset(fails.split()), frozenset(warns.split()))


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize("form", tuple(Format))
def test_nothing_revoked(rules: Rules, form: Format) -> None:
    expect(judged(StampPlan(SealPlan(form)), rules=rules))
    expect(judged(SealPlan(form), rules=rules))


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize("plan", [SealPlan(), StampPlan()], ids=["seal", "stamp"])
def test_revoked_before_the_seal_was_made(rules: Rules, plan: SealPlan | StampPlan) -> None:
    report = judged(plan, revoked(workshop.maker(), MADE - DAY), rules=rules)
    expect(report, "MAKER_REVOCATION")


def test_revoked_since_the_seal_was_made_is_a_notice_by_one_rule_only() -> None:
    entry = revoked(workshop.maker(), NOW - DAY, "superseded")
    expect(judged(SealPlan(), entry, rules=Rules.GBT_38540), "MAKER_REVOCATION")
    report = judged(SealPlan(), entry, rules=Rules.GMT_0031_2025)
    expect(report, warns="MAKER_REVOCATION")
    check = judging.of(report, "MAKER_REVOCATION")
    assert "good when the seal was made" in check.reason and "制章时" in check.reason_zh
    assert check.clause == "GM/T 0031-2025, verification of a seal, d"


def test_revoked_between_making_and_signing() -> None:
    entry = revoked(workshop.maker(), SIGNED - DAY, "superseded")
    expect(judged(StampPlan(), entry, rules=Rules.GBT_38540), "MAKER_REVOCATION")
    expect(judged(StampPlan(), entry, rules=Rules.GMT_0031_2025), warns="MAKER_REVOCATION")


@pytest.mark.parametrize("rules", BOTH)
def test_revoked_after_signing_is_a_warning(rules: Rules) -> None:
    entry = revoked(workshop.maker(), SIGNED + DAY, "superseded")
    expect(judged(StampPlan(), entry, rules=rules), warns="MAKER_REVOCATION")


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize("plan", [SealPlan(), StampPlan()], ids=["seal", "stamp"])
def test_a_key_that_was_stolen_later_could_have_made_it(
    rules: Rules, plan: SealPlan | StampPlan
) -> None:
    entry = revoked(workshop.maker(), SIGNED + DAY, "keyCompromise")
    expect(judged(plan, entry, rules=rules), "MAKER_REVOCATION")


def test_expired_since_the_seal_was_made_is_a_notice_by_one_rule_only() -> None:
    plan = SealPlan(maker=makers().holder("maker", life=OLD))
    expect(judged(plan, rules=Rules.GBT_38540), "MAKER_VALIDITY", "MAKER_REVOCATION")
    report = judged(plan, rules=Rules.GMT_0031_2025)
    expect(report, warns="MAKER_VALIDITY MAKER_REVOCATION")
    check = judging.of(report, "MAKER_VALIDITY")
    assert "expired" in check.reason
    assert OLD[1].isoformat() in check.reason_zh and "不在有效期内" in check.reason_zh


@pytest.mark.parametrize("rules", BOTH)
def test_expired_before_the_seal_was_made(rules: Rules) -> None:
    life = (NOW - 99 * DAY, MADE - DAY)
    plan = SealPlan(maker=makers().holder("maker", life=life))
    expect(judged(plan, rules=rules, revocation=Revocation.IGNORED), "MAKER_VALIDITY")


def test_expired_since_is_no_notice_for_one_that_was_revoked_before() -> None:
    maker = makers().holder("maker", life=OLD)
    report = judged(SealPlan(maker=maker), revoked(maker, MADE - DAY), rules=Rules.GMT_0031_2025)
    expect(report, "MAKER_VALIDITY MAKER_REVOCATION")


def test_not_yet_valid_when_the_seal_was_made() -> None:
    plan = SealPlan(maker=makers().holder("maker", life=(MADE + DAY, NOW + DAY)))
    expect(judged(plan, rules=Rules.GMT_0031_2025), "MAKER_VALIDITY")
    expect(judged(plan, rules=Rules.GBT_38540), warns="MAKER_VALIDITY")


@pytest.mark.parametrize("rules", BOTH)
def test_no_rule_lets_a_chain_pass_that_was_never_good(rules: Rules) -> None:
    """GM/T 0031-2025: a notice is for what has only expired, or been revoked, since."""
    stranger = workshop.House("strange").holder("maker", life=OLD)
    report = judged(SealPlan(maker=stranger), rules=rules, revocation=Revocation.IGNORED)
    expect(report, "MAKER_CERTIFICATE MAKER_TRUSTED MAKER_VALIDITY")


@pytest.mark.parametrize("rules", BOTH)
def test_signer_revoked_before_signing(rules: Rules) -> None:
    entry = revoked(workshop.owner(), SIGNED)
    expect(judged(StampPlan(), of_owners=[entry], rules=rules), "SIGNER_REVOCATION")


@pytest.mark.parametrize("rules", BOTH)
def test_signer_revoked_after_signing(rules: Rules) -> None:
    entry = revoked(workshop.owner(), SIGNED + DAY, "superseded")
    report = judged(StampPlan(), of_owners=[entry], rules=rules)
    expect(report, warns="SIGNER_REVOCATION")
    assert "still counted" in judging.of(report, "SIGNER_REVOCATION").reason


@pytest.mark.parametrize("rules", BOTH)
def test_signer_whose_key_was_stolen_after_signing(rules: Rules) -> None:
    entry = revoked(workshop.owner(), SIGNED + DAY, "keyCompromise")
    expect(judged(StampPlan(), of_owners=[entry], rules=rules), "SIGNER_REVOCATION")


def test_a_time_stamp_shows_that_the_thief_did_not_sign() -> None:
    entry = revoked(workshop.owner(), SIGNED + DAY, "keyCompromise")
    plan = StampPlan(stamped=SIGNED)
    expect(judged(plan, of_owners=[entry]), warns="SIGNER_REVOCATION")
    late = StampPlan(stamped=SIGNED + 2 * DAY)
    expect(judged(late, of_owners=[entry]), "SIGNER_REVOCATION")


def test_a_time_stamp_by_nobody_known_shows_nothing() -> None:
    entry = revoked(workshop.owner(), SIGNED + DAY, "keyCompromise")
    report = judged(StampPlan(stamped=SIGNED), of_owners=[entry], time_authorities=None)
    expect(report, "SIGNER_REVOCATION", "STAMP_TIMESTAMP")


def test_a_time_stamp_shows_that_the_seal_is_older_than_the_theft() -> None:
    entry = revoked(workshop.maker(), NOW - DAY, "keyCompromise")
    plain, stamped = SealPlan(Format.V5), SealPlan(Format.V5, stamped=MADE)
    new: dict[str, Any] = {"rules": Rules.GMT_0031_2025}
    expect(judged(plain, entry, **new), "MAKER_REVOCATION")
    expect(judged(stamped, entry, **new), warns="MAKER_REVOCATION")
    expect(judged(StampPlan(stamped), entry), warns="MAKER_REVOCATION")
    expect(judged(StampPlan(plain, stamped=SIGNED), entry), warns="MAKER_REVOCATION")
    expect(judged(stamped, entry, rules=Rules.GBT_38540), "MAKER_REVOCATION")


@pytest.mark.parametrize("rules", BOTH)
def test_the_earlier_of_two_time_stamps_tells_how_old_the_seal_is(rules: Rules) -> None:
    entry = revoked(workshop.maker(), SIGNED + DAY, "keyCompromise")
    late = SIGNED + 2 * DAY
    plain, stamped = SealPlan(Format.V5), SealPlan(Format.V5, stamped=MADE)
    expect(judged(StampPlan(plain, stamped=late), entry, rules=rules), "MAKER_REVOCATION")
    report = judged(StampPlan(stamped, stamped=late), entry, rules=rules)
    expect(report, warns="MAKER_REVOCATION")


def test_a_time_stamp_of_which_it_is_not_known_whether_it_was_revoked_shows_nothing() -> None:
    """Its authority has expired, so that nothing current tells of it."""
    given = (making.usage("digital_signature"), tsa.purpose())
    life = (MADE - 99 * DAY, NOW - 2 * DAY)
    old = workshop.authorities().holder("authority", given=given, life=life)
    plan = StampPlan(token=lambda data: workshop.token(data, SIGNED, old))
    entry = revoked(workshop.owner(), SIGNED + DAY, "keyCompromise")
    report = judged(plan, of_owners=[entry])
    expect(report, "SIGNER_REVOCATION", "STAMP_TIMESTAMP")


def test_evidence_is_asked_for_of_authorities_of_time_too() -> None:
    lists = [*makers().lists(), *owners().lists()]
    expect(judged(StampPlan(stamped=SIGNED), lists=lists), "STAMP_TIMESTAMP")


def test_a_ca_that_may_not_issue_is_a_fault_of_the_chain() -> None:
    given = (making.basic(ca=True), making.usage("crl_sign"))
    ca = makers().root.ca("no issuer", given=given, life=workshop.YEARS)
    maker = ca.leaf("maker", given=(workshop.SIGNING,), life=workshop.LIFE)
    others = [ca.der, owners().ca.der]
    report = workshop.judged(SealPlan(maker=maker), others=others)
    expect(report, "MAKER_CERTIFICATE MAKER_TRUSTED")


def test_without_evidence_it_fails_unless_that_is_allowed() -> None:
    fails = "MAKER_REVOCATION SIGNER_REVOCATION"
    expect(judged(StampPlan(), lists=[]), fails)
    expect(judged(StampPlan(), lists=[], revocation=Revocation.IF_KNOWN), warns=fails)
    report = judged(StampPlan(), lists=[], revocation=Revocation.IGNORED)
    expect(report)
    assert judging.of(report, "SIGNER_REVOCATION").result is Result.NOT_CHECKED


def test_lists_of_the_time_of_signing_are_a_warning_where_there_are_no_others() -> None:
    life = (SIGNED - DAY, SIGNED + DAY)
    lists = [*makers().lists(life=life), *owners().lists(life=life)]
    report = judged(StampPlan(), lists=lists)
    expect(report, warns="MAKER_REVOCATION SIGNER_REVOCATION")
    assert "none of now" in judging.of(report, "SIGNER_REVOCATION").reason


def test_lists_of_another_time_do_not_count() -> None:
    life = (SIGNED - 3 * DAY, SIGNED - DAY)
    lists = [*makers().lists(life=life), *owners().lists(life=life)]
    expect(judged(StampPlan(), lists=lists), "MAKER_REVOCATION SIGNER_REVOCATION")


def test_an_old_list_with_a_revocation_counts_for_ever() -> None:
    life = (SIGNED - 3 * DAY, SIGNED - DAY)
    entry = revoked(workshop.owner(), SIGNED - 5 * DAY, "superseded")
    lists = [*makers().lists(), *owners().lists(entry, life=life)]
    expect(judged(StampPlan(), lists=lists), "SIGNER_REVOCATION")


def test_an_expired_signer_is_judged_by_the_time_of_signing() -> None:
    """GM/T 0031-2014, 6.2.3 c: only expired goes on to the time of signing."""
    expired = owners().holder("owner", life=OLD)
    plan = StampPlan(SealPlan(owners=(expired,)), signer=expired)
    report = judged(plan)
    expect(report, warns="SIGNER_REVOCATION")
    assert "after the expiry" in judging.of(report, "SIGNER_REVOCATION").reason
    entry = revoked(expired, SIGNED - DAY, "superseded")
    expect(judged(plan, of_owners=[entry]), "SIGNER_REVOCATION")
    expect(judged(plan, lists=makers().lists()), "SIGNER_REVOCATION")


def test_a_response_counts_as_a_list_does() -> None:
    ca = owners().ca
    named = evidence.cert_id(ca.name, ca.key, workshop.owner().serial)
    lists = [*makers().lists(), owners().lists()[0]]
    good = evidence.response(named, ca.key, ca.name)
    expect(judged(StampPlan(), lists=lists, responses=[good]))
    bad = evidence.response(named, ca.key, ca.name, evidence.revoked_since(SIGNED - DAY))
    expect(judged(StampPlan(), lists=lists, responses=[bad]), "SIGNER_REVOCATION")


def test_cas_with_another_id_are_verified_with_it() -> None:
    maker = makers().holder("maker", signer_id=b"ca's own")
    plan = SealPlan(maker=maker)
    report = judged(plan, revocation=Revocation.IGNORED)
    assert "MAKER_CERTIFICATE" in judging.names(report, Result.FAILED)
