"""What somebody should know of a trust list before it is used: expired, weak, or not there."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from signetd.pki import Certificate, Policy, RevocationList, Status, single
from signetd.pki.report import Notes
from signetd.seal.trust_list import TrustList

_CLOCKS: Final = timedelta(minutes=5)


def notices(found: TrustList, at: datetime) -> tuple[str, ...]:
    """Return sentences on a list as of *at*, a time with a zone; () if all is well."""
    return tuple(_all(found, at))


def _all(found: TrustList, at: datetime) -> Iterator[str]:
    if not found.is_current(at):
        yield f"the list counted until {found.next_update}; ask for a newer one"
    if found.issued is not None and found.issued > at + _CLOCKS:
        yield f"the list says that it is issued at {found.issued}, which is to come"
    if not found.signers:
        yield "signers has no certificate: no stamp is good by this list, only seals can be"
    for field in ("makers", "signers", "time_authorities"):
        yield from _certificates(field, getattr(found, field), at, is_anchor=True)
    yield from _certificates("intermediates", found.intermediates, at, is_anchor=False)
    for number, each in enumerate(found.crls, 1):
        yield from _revocation_list(each, number, at)


def _certificates(
    field: str, certificates: Iterable[Certificate], at: datetime, *, is_anchor: bool
) -> Iterator[str]:
    policy = Policy(at=at)
    for number, each in enumerate(certificates, 1):
        notes = Notes(each, 0)
        single.check(notes, policy, is_anchor=is_anchor)
        for check in notes.checks:
            if check.status in (Status.FAILED, Status.WARNING):
                yield f"{field}, number {number}, {each.name}: {check.reason}"


def _revocation_list(found: RevocationList, number: int, at: datetime) -> Iterator[str]:
    if found.next_update is None or found.next_update < at:
        until = found.next_update
        why = (
            "it does not say until when it counts" if until is None else f"it counted until {until}"
        )
        yield f"crls, number {number}: {why}"
