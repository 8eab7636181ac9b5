"""What OCSP responses do to a chain, and whom they may be signed by."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from signetd.pki import Check, InputError, Name, OcspResponse, Revocation, Status, validate
from tests.unit.pki import evidence, holders, judges, making
from tests.unit.pki.evidence import cert_id, response, revoked_since
from tests.unit.pki.forest import Entity, Maker, maker
from tests.unit.pki.making import DAY, NOW

KINDS = ("sm2", "ec", "rsa")
NO_CHECK = ("1.3.6.1.5.5.7.48.1.5", False, b"\x05\x00")
RESPONDER = (making.usage("digital_signature"), making.purposes(making.OCSP_SIGNING), NO_CHECK)


def judged(m: Maker, der: bytes, *lists: bytes, **changes: Any) -> Check:
    policy = judges.policy(revocation=Revocation.REQUIRED, **changes)
    pool = [m.ca.der]
    report = validate(m.leaf.der, policy, judges.store(m.root), pool, lists, [der])
    return report.of(Name.REVOCATION)


def of_leaf(m: Maker, status: bytes = evidence.GOOD, **more: Any) -> bytes:
    """Return a response of the CA itself about the leaf."""
    digest = more.pop("digest", "sha1")
    named = cert_id(m.ca.name, m.ca.key, more.pop("serial", m.leaf.serial), digest)
    defaults: dict[str, Any] = {"signer": m.ca.key, "responder": m.ca.name}
    return response(named, status=status, **(defaults | more))


@dataclass(frozen=True)
class Fact:
    """A response, and what it makes of the leaf."""

    label: str
    status: Status
    says: str
    told: bytes = evidence.GOOD
    more: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)


LATE = revoked_since(NOW + DAY)
LATE_COMPROMISE = revoked_since(NOW + DAY, "keyCompromise")
OTHER = {"responder": making.name("other")}
CRITICAL = ("1.2.3.4", True, b"\x05\x00")
FACTS = [
    Fact("good", Status.PASSED, "not revoked"),
    Fact("good by key", Status.PASSED, "not revoked", more={"by_key": True}),
    Fact("good by SHA-256", Status.PASSED, "not revoked", more={"digest": "sha256"}),
    Fact("good by SM3", Status.PASSED, "not revoked", more={"digest": "sm3"}),
    Fact("revoked before", Status.FAILED, "revoked since", revoked_since(NOW - DAY)),
    Fact("revoked after", Status.WARNING, "still counted", LATE),
    Fact("compromised after", Status.FAILED, "keyCompromise", LATE_COMPROMISE),
    Fact("unknown", Status.FAILED, "does not know", evidence.UNKNOWN),
    Fact("stale", Status.FAILED, "get a newer one", more={"life": (NOW - 9 * DAY, NOW - DAY)}),
    Fact("endless, fresh", Status.PASSED, "not revoked", more={"life": (NOW - DAY / 2, None)}),
    Fact("endless, old", Status.FAILED, "get a newer one", more={"life": (NOW - 2 * DAY, None)}),
    Fact("early", Status.FAILED, "set evidence_at", more={"life": (NOW + DAY, NOW + 2 * DAY)}),
    Fact("of another certificate", Status.FAILED, "no response", more={"serial": 1}),
    Fact("by nobody known", Status.FAILED, "names as signer", more=OTHER),
    Fact("critical", Status.FAILED, "not known here", more={"given": [CRITICAL]}),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.label)
def test_response_says(kind: str, fact: Fact) -> None:
    m = maker(kind)
    check = judged(m, of_leaf(m, fact.told, **fact.more), **fact.policy)
    assert (check.status, fact.says in check.reason) == (fact.status, True), check.reason


@pytest.mark.parametrize("kind", KINDS)
def test_forged_response_does_not_count(kind: str) -> None:
    m = maker(kind)
    check = judged(m, of_leaf(m, signer=holders.key(kind, "forger")))
    assert check.status is Status.FAILED and "not signed by the issuer's key" in check.reason


def by_delegate(m: Maker, delegate: Entity, *lists: bytes) -> Check:
    der = of_leaf(m, signer=delegate.key, responder=delegate.name, certificates=[delegate.der])
    return judged(m, der, *lists)


@pytest.mark.parametrize("kind", KINDS)
def test_delegate_of_the_ca_may_sign(kind: str) -> None:
    m = maker(kind)
    check = by_delegate(m, m.ca.leaf("responder", given=RESPONDER))
    assert check.status is Status.PASSED, check.reason


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"given": RESPONDER[:1]}, "OCSPSigning is not in its certificate"),
        ({"given": (RESPONDER[0], making.purposes(making.CLIENT_AUTH))}, "purposes lack"),
        ({"given": (making.usage("key_agreement"), *RESPONDER[1:])}, "its usages are"),
        ({"given": RESPONDER, "life": (NOW - 9 * DAY, NOW - DAY)}, "expired"),
        ({"given": RESPONDER, "signer": holders.key("ec", "forger")}, "not signed by"),
        ({"given": RESPONDER, "issuer": making.name("other")}, "names another issuer"),
    ],
)
def test_who_is_no_delegate_may_not(changes: dict[str, Any], why: str) -> None:
    m = maker("ec")
    check = by_delegate(m, m.ca.leaf("responder", **changes))
    assert check.status is Status.FAILED and why in check.reason, check.reason


def test_delegate_of_the_root_may_not_sign_for_the_intermediate() -> None:
    m = maker("ec")
    check = by_delegate(m, m.root.leaf("responder", given=RESPONDER))
    assert check.status is Status.FAILED, check.reason


def test_revoked_delegate_may_not_sign() -> None:
    m = maker("ec")
    delegate = m.ca.leaf("responder", given=RESPONDER[:2])
    assert "not known whether its responder" in by_delegate(m, delegate).reason
    crl = evidence.revocation_list(m.ca.name, m.ca.key, [(delegate.serial, NOW - DAY, ())])
    der = of_leaf(m, signer=delegate.key, responder=delegate.name, certificates=[delegate.der])
    stale = evidence.revocation_list(
        m.ca.name, m.ca.key, [(delegate.serial, NOW - DAY, ())], life=(NOW - 9 * DAY, NOW - DAY)
    )
    assert judged(m, der, crl).status is Status.PASSED, "the list itself knows the leaf"
    assert "is revoked" in judged(m, der, stale).reason


def test_revocation_outweighs_a_good_response() -> None:
    m = maker("ec")
    crl = evidence.revocation_list(m.ca.name, m.ca.key, [(m.leaf.serial, NOW - DAY, ())])
    assert judged(m, of_leaf(m), crl).status is Status.FAILED


def test_refusal_of_a_responder_says_what_to_do() -> None:
    with pytest.raises(InputError, match="tryLater; ask it again"):
        OcspResponse.read(bytes.fromhex("30030a0103"))
