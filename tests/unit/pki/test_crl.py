"""What revocation lists do to a chain, beside ``openssl verify -crl_check``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from signetd.pki import Certificate, Name, Policy, Report, Revocation, Status, validate
from tests.unit.pki import evidence, holders, judges, making
from tests.unit.pki.evidence import reason, revocation_list
from tests.unit.pki.forest import Entity, Maker, maker, root
from tests.unit.pki.making import DAY, NOW, tlv

KINDS = ("sm2", "ec")
STALE = (NOW - 10 * DAY, NOW - DAY)
LATE = (NOW + DAY, NOW + 2 * DAY)


def judged(
    m: Maker, lists: Sequence[bytes], end: Entity | None = None, *more: Entity, **changes: Any
) -> Report:
    changes.setdefault("revocation", Revocation.REQUIRED)
    end, others = end or m.leaf, [m.ca.der, *(each.der for each in more)]
    return validate(end.der, judges.policy(**changes), judges.store(m.root), others, lists)


def roots_list(m: Maker) -> bytes:
    return revocation_list(m.root.name, m.root.key)


def list_of(m: Maker, *revoked: evidence.Revoked, **more: Any) -> bytes:
    defaults: dict[str, Any] = {"signer": m.ca.key, "issuer": m.ca.name}
    return revocation_list(revoked=revoked, **(defaults | more))


def point(uri: bytes) -> bytes:
    return tlv(0xA0, tlv(0xA0, tlv(0x86, uri)))


def scope(*parts: bytes) -> making.Extension:
    return "2.5.29.28", True, tlv(0x30, *parts)


YES = b"\xff"


@dataclass(frozen=True)
class Fact:
    """A list of the intermediate CA, and what it makes of the leaf."""

    label: str
    status: Status
    says: str
    since: int | None = None
    """Days from now when the leaf was revoked."""
    entry: tuple[making.Extension, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    openssl: bool | None = False
    policy: dict[str, Any] = field(default_factory=dict)


FACTS = [
    Fact("good", Status.PASSED, "not revoked", openssl=True),
    Fact("revoked before", Status.FAILED, "revoked since", -2),
    # openssl does not look at the date of a revocation.
    Fact("revoked after", Status.WARNING, "so that it still counted", 1),
    Fact("superseded", Status.WARNING, "superseded", 1, (reason("superseded"),)),
    Fact("compromised later", Status.FAILED, "keyCompromise", 1, (reason("keyCompromise"),)),
    Fact(
        "compromised later, as the caller likes it",
        Status.WARNING,
        "keyCompromise",
        1,
        (reason("keyCompromise"),),
        policy={"refused_reasons": frozenset()},
    ),
    Fact(
        "compromised before it was known",
        Status.FAILED,
        "revoked since 2026-05-30",
        1,
        (evidence.invalid_since(NOW - 2 * DAY),),
    ),
    Fact("held", Status.FAILED, "certificateHold", -2, (reason("certificateHold"),)),
    Fact("taken back", Status.FAILED, "takes back", -2, (reason("removeFromCRL"),), openssl=None),
    Fact("stale", Status.FAILED, "get a newer one", more={"life": STALE}),
    Fact("stale, revoked all the same", Status.FAILED, "revoked since", -2, more={"life": STALE}),
    Fact("of the future", Status.FAILED, "set evidence_at", more={"life": LATE}),
    Fact(
        "of the future, which is now",
        Status.PASSED,
        "not revoked",
        more={"life": LATE},
        policy={"evidence_at": NOW + DAY},
        openssl=None,
    ),
    Fact(
        "of changes only",
        Status.FAILED,
        "a list of changes",
        more={"given": [("2.5.29.27", True, making.integer(3))]},
        openssl=True,  # which takes it for a complete one
    ),
    Fact("indirect", Status.FAILED, "indirect", more={"given": [scope(tlv(0x84, YES))]}),
    Fact(
        "some reasons", Status.FAILED, "some reasons", more={"given": [scope(tlv(0x83, b"\6\x40"))]}
    ),
    Fact("of CAs", Status.FAILED, "the other kind", more={"given": [scope(tlv(0x82, YES))]}),
    Fact(
        "of users",
        Status.PASSED,
        "not revoked",
        more={"given": [scope(tlv(0x81, YES))]},
        openssl=True,
    ),
    Fact(
        "of another point",
        Status.FAILED,
        "does not point to",
        more={"given": [scope(point(b"http://other"))]},
    ),
    Fact(
        "with an unknown critical extension",
        Status.FAILED,
        "1.3.6.1.4.1.55555.1 is not known",
        more={"given": [("1.3.6.1.4.1.55555.1", True, b"\5\0")]},
    ),
    Fact(
        "forged",
        Status.FAILED,
        "not signed by the issuer's key",
        more={"signer": holders.key("ec", "forger")},
    ),
    Fact(
        "of another CA",
        Status.FAILED,
        "no list",
        more={"issuer": making.name("another")},
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.label)
def test_list_says(kind: str, fact: Fact, tmp_path: Path) -> None:
    m = maker(kind)
    revoked = [] if fact.since is None else [(m.leaf.serial, NOW + fact.since * DAY, fact.entry)]
    crl = list_of(m, *revoked, **fact.more)
    check = judged(m, [roots_list(m), crl], **fact.policy).of(Name.REVOCATION)
    assert (check.status, fact.says in check.reason) == (fact.status, True), check.reason
    if kind != "sm2" and fact.openssl is not None:
        holds, said = openssl_with(m, [roots_list(m), crl], tmp_path)
        assert holds == fact.openssl, f"openssl verify says: {said}"


def openssl_with(m: Maker, lists: Sequence[bytes], folder: Path) -> tuple[bool, str]:
    for name, each in (("roots", m.root), ("others", m.ca), ("end", m.leaf)):
        (folder / name).write_bytes(each.pem)
    (folder / "lists").write_bytes(b"".join(making.pem(each, "X509 CRL") for each in lists))
    options = ["-untrusted", str(folder / "others"), "-crl_check_all"]
    crls = ["-CRLfile", str(folder / "lists")]
    return judges.verify(folder / "roots", folder / "end", *options, *crls)


def test_altered_list_does_not_count() -> None:
    m = maker("sm2")
    crl = list_of(m, (m.leaf.serial, NOW - DAY, ()))
    altered = crl.replace(making.integer(m.leaf.serial), making.integer(m.leaf.serial + 1))
    assert altered != crl
    check = judged(m, [roots_list(m), altered]).of(Name.REVOCATION)
    assert check.status is Status.FAILED and "was altered since" in check.reason


def test_list_with_another_signer_id_does_not_count() -> None:
    m = maker("sm2")
    crl = list_of(m, signer_id=b"ALICE123@YAHOO.COM")
    assert "another ID" in judged(m, [roots_list(m), crl]).of(Name.REVOCATION).reason


def test_revoked_intermediate_is_found() -> None:
    m = maker("ec")
    crl = revocation_list(m.root.name, m.root.key, [(m.ca.serial, NOW - DAY, ())])
    report = judged(m, [crl, list_of(m)])
    assert [(each.name, each.position) for each in report.failures] == [(Name.REVOCATION, 1)]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (Revocation.REQUIRED, Status.FAILED),
        (Revocation.IF_KNOWN, Status.WARNING),
        (Revocation.IGNORED, Status.NOT_CHECKED),
    ],
)
def test_without_a_list_the_policy_decides(how: Revocation, status: Status) -> None:
    report = judged(maker("ec"), [], revocation=how)
    assert report.of(Name.REVOCATION).status is status
    assert report.of(Name.REVOCATION, 2).status is Status.NOT_CHECKED, "an anchor is not revoked"


def test_ca_without_crl_sign_signs_no_list() -> None:
    m = maker("ec")
    ca = m.root.ca("no lists", given=(making.basic(ca=True), making.usage("key_cert_sign")))
    crl = revocation_list(ca.name, ca.key)
    check = judged(m, [roots_list(m), crl], ca.leaf(), ca).of(Name.REVOCATION)
    assert "lacks cRLSign" in check.reason and check.status is Status.FAILED


def test_part_of_a_list_counts_for_those_who_point_to_it() -> None:
    m = maker("ec")
    where = "2.5.29.31", False, tlv(0x30, tlv(0x30, point(b"http://crl/7")))
    leaf = m.ca.leaf(given=(where,))
    crl = list_of(m, given=[scope(point(b"http://crl/7"))])
    kinds: dict[str, Any] = {"key_usages": frozenset(), "extended_key_usages": frozenset()}
    check = judged(m, [roots_list(m), crl], leaf, **kinds).of(Name.REVOCATION)
    assert check.status is Status.PASSED, check.reason


@pytest.mark.parametrize("vouched", [True, False])
def test_ca_that_has_changed_its_key_signs_with_the_new_one(vouched: bool) -> None:
    m = maker("ec")
    voucher = m.root if vouched else root("ec", "root", "stranger")
    new = voucher.ca("ca", holders.key("ec", "ca, new"))
    crl = list_of(m, signer=new.key)
    check = judged(m, [roots_list(m), crl], None, new).of(Name.REVOCATION)
    assert (check.status is Status.PASSED) == vouched, check.reason


def test_list_of_after_the_certificate_has_expired_says_nothing() -> None:
    m = maker("ec")
    at: dict[str, Any] = {"evidence_at": NOW + 150 * DAY}
    life = (NOW + 149 * DAY, NOW + 151 * DAY)
    check = judged(m, [list_of(m, life=life)], **at).of(Name.REVOCATION)
    assert "which CAs take off" in check.reason
    kept = "2.5.29.60", False, making.generalized(NOW)
    check = judged(m, [list_of(m, life=life, given=[kept])], **at).of(Name.REVOCATION)
    assert check.status is Status.PASSED, check.reason


def test_rule_of_gmt_0031_for_a_certificate_that_has_only_expired_or_been_revoked() -> None:
    m = maker("ec")
    crl = list_of(m, (m.leaf.serial, NOW - DAY, ()))
    report = judged(m, [roots_list(m), crl])
    assert report.fails_only_in({Name.VALIDITY, Name.REVOCATION}) and not report.valid


def test_what_was_read_once_can_be_used_again() -> None:
    m = maker("ec")
    policy: Policy = judges.policy()
    end, ca = Certificate.read(m.leaf.pem), Certificate.read(m.ca.pem)
    for _ in range(2):
        assert validate(end, policy, judges.store(m.root), [ca]).valid
