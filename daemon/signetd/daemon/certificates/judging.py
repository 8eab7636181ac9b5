"""Whether certificates may be kept for a key: strength, usage, dates, signatures; pure.

Whether a chain ends at a root that is trusted, and whether something in it was revoked, is not
asked here: that is for those who verify signatures, at the time when they do.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.pki import (
    Certificate,
    Name,
    Policy,
    Revocation,
    Status,
    algorithms,
    links,
    roles,
    single,
)
from signetd.pki.links import Signatures
from signetd.pki.report import Check, Notes

_USAGES: Final = frozenset({"digitalSignature", "nonRepudiation"})
"""One of them is needed, whatever a key is for (RFC 5280, 4.2.1.3)."""
_SHOWN: Final = 3


def check(chain: Sequence[Certificate], now: datetime) -> None:
    """Raise SignetError CERTIFICATE_UNSUITABLE unless *chain*, the key's own first, may be kept.

    One that is not valid yet may. *now* has a time zone.
    """
    policy = Policy(at=now, key_usages=_USAGES, revocation=Revocation.IGNORED)
    signatures = Signatures(policy.signer_id)
    failures: list[Check] = []
    for position, certificate in enumerate(chain):
        notes = Notes(certificate, position)
        _one(notes, chain, policy, signatures)
        failures += [each for each in notes.checks if each.status is Status.FAILED]
    failures = [each for each in failures if not _is_only_early(each, chain, now)]
    if failures:
        told = "; ".join(
            f"{each.subject}: {each.reason} ({each.clause})" for each in failures[:_SHOWN]
        )
        raise SignetError(Reason.CERTIFICATE_UNSUITABLE, f"The certificate is not taken: {told}.")


def _one(
    notes: Notes, chain: Sequence[Certificate], policy: Policy, signatures: Signatures
) -> None:
    certificate, position = notes.certificate, notes.position
    is_root = position > 0 and certificate.is_self_issued
    single.check(notes, policy, is_anchor=is_root)
    if position + 1 < len(chain):
        links.check(notes, chain[position + 1], signatures)
    elif certificate.is_self_issued:
        _own_signature(notes, policy, signatures)
    if position == 0:
        roles.check_end(notes, policy)
    else:
        below = sum(not each.is_self_issued for each in chain[1:position])
        roles.check_authority(notes, policy, below)


def _own_signature(notes: Notes, policy: Policy, signatures: Signatures) -> None:
    """Look at a root's signature, unless it is of a kind that proves nothing any more."""
    certificate = notes.certificate
    try:
        scheme = algorithms.scheme(certificate.algorithm)
    except algorithms.UnsupportedError:
        return
    if scheme.name in policy.algorithms:
        problem = signatures.problem(certificate, certificate)
        notes.judge(Name.SIGNATURE, not problem, "signed by its own key", problem)


def _is_only_early(found: Check, chain: Sequence[Certificate], now: datetime) -> bool:
    return found.name is Name.VALIDITY and now < chain[found.position].not_before
