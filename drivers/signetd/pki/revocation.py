"""Whether a certificate of a path is revoked, by the lists and responses that were given."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from signetd.pki import algorithms, links, roles, single
from signetd.pki.certificate import Certificate
from signetd.pki.crl import RevocationList
from signetd.pki.links import Signatures
from signetd.pki.ocsp import OcspResponse
from signetd.pki.policy import REASONS, Policy, Revocation
from signetd.pki.report import Name, Notes, Status


class Evidence(NamedTuple):
    """What a validation has to judge by."""

    policy: Policy
    lists: Sequence[RevocationList]
    responses: Sequence[OcspResponse]
    signatures: Signatures


class Place(NamedTuple):
    """A certificate in its path: who has issued it, and which others could sign lists.

    *issuers* begins with the certificate above it; the rest are of the same CA with other keys.
    """

    certificate: Certificate
    issuers: Sequence[Certificate]

    @property
    def issuer(self) -> Certificate:
        """The certificate above it in the path."""
        return self.issuers[0]


class Finding(NamedTuple):
    """What one list or response says; *since* is None for a certificate that is not revoked."""

    source: str
    since: datetime | None
    reason: str = ""


class Unusable(Exception):
    """A list or response says nothing that counts; the message tells why."""


def staleness(
    policy: Policy, this_update: datetime, next_update: datetime | None, age: timedelta | None
) -> str:
    """Say why something is not current at the policy's time; "" if it is.

    Without *next_update* it counts for *age*, or not at all.
    """
    at = policy.current_at
    if this_update > at:
        return (
            f"it is of {this_update.isoformat()}, later than {at.isoformat()}; to use it for what "
            "was signed earlier, set evidence_at of the policy"
        )
    until = next_update if next_update is not None or age is None else this_update + age
    if until is None:
        return "it does not say until when it counts"
    if until < at:
        return f"it counted until {until.isoformat()}; get a newer one"
    return ""


def signer_problem(
    evidence: Evidence, signer: Certificate, algorithm: bytes, data: bytes, signature: bytes
) -> str:
    """Say why a list or response is not signed, strongly enough, by *signer*; "" if it is."""
    try:
        name = algorithms.scheme(algorithm).name
    except algorithms.UnsupportedError as error:
        return str(error)
    if name not in evidence.policy.algorithms:
        return f"it is signed with {name}, which is not accepted"
    return evidence.signatures.problem_of(signer, algorithm, data, signature)


def delegate_problem(
    evidence: Evidence, delegate: Certificate, issuer: Certificate, usages: Policy | None
) -> str:
    """Say why *delegate*, issued by *issuer*, may not sign for it; "" if it may.

    *usages* is what an end certificate must be good for; None for a CA with another key.
    """
    policy = evidence.policy if usages is None else usages
    policy = msgspec.structs.replace(policy, at=evidence.policy.current_at)
    notes = Notes(delegate, 0)
    single.check(notes, policy, is_anchor=False)
    links.check(notes, issuer, evidence.signatures)
    if usages is None:
        roles.check_authority(notes, policy, 0)
    else:
        roles.check_end(notes, policy)
    failed = [each.reason for each in notes.checks if each.status is Status.FAILED]
    return f"{delegate.name}: {failed[0]}" if failed else ""


def conclude(
    notes: Notes, policy: Policy, findings: Sequence[Finding], problems: Sequence[str]
) -> None:
    """Write the check down: what speaks against the certificate outweighs what speaks for it."""
    revoked = [(each.since, each) for each in findings if each.since is not None]
    if revoked:
        for status, reason in sorted(_judged(policy, since, each) for since, each in revoked)[:1]:
            notes.add(Name.REVOCATION, status, reason)
    elif findings:
        reason = f"not revoked, by {findings[0].source}"
        notes.add(Name.REVOCATION, Status.PASSED, reason)
    else:
        required = policy.revocation is Revocation.REQUIRED
        why = "; ".join(problems) or "no list and no response for it was given"
        status = Status.FAILED if required else Status.WARNING
        notes.add(Name.REVOCATION, status, f"not known whether it is revoked: {why}")


def _judged(policy: Policy, since: datetime, finding: Finding) -> tuple[Status, str]:
    text = f"revoked since {since.isoformat()} ({finding.reason}), by {finding.source}"
    if since <= policy.at:
        return Status.FAILED, text
    if finding.reason in policy.refused_reasons or finding.reason not in REASONS:
        return Status.FAILED, f"{text}: later, but for a reason that lets nothing before count"
    return Status.WARNING, f"{text}: later than {policy.at.isoformat()}, so that it still counted"
