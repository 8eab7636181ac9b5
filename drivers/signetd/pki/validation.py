"""Path validation (RFC 5280, 6; GB/T 20518; GM/T 0015): from an end certificate to an anchor."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from signetd.pki import answers, links, revocation, roles, single
from signetd.pki.building import Builder, Path
from signetd.pki.certificate import Certificate
from signetd.pki.crl import RevocationList
from signetd.pki.errors import InputError
from signetd.pki.links import Signatures
from signetd.pki.ocsp import OcspResponse
from signetd.pki.policy import Policy, Revocation
from signetd.pki.report import Check, Name, Notes, Report, Status
from signetd.pki.revocation import Evidence, Place
from signetd.pki.truststore import TrustStore

MAX_OTHERS: Final = 256
MAX_SOURCES: Final = 64
"""Lists, and responses, in a validation."""
MAX_PATHS: Final = 16
"""Paths that are looked at in full."""
_MAX_KEYS: Final = 8
"""Other keys of a CA that may have signed its list."""


def validate(
    end: Certificate | bytes,
    policy: Policy,
    store: TrustStore,
    others: Iterable[Certificate | bytes] = (),
    lists: Iterable[RevocationList | bytes] = (),
    responses: Iterable[OcspResponse | bytes] = (),
) -> Report:
    """Find a path from *end* to an anchor of *store*, through *others*, that *policy* accepts.

    Bytes are read as DER or PEM, *others* also as several in PEM; whoever validates often reads
    once, and gives what was read. When no path holds, the report is of the one that fails in
    least. Raises InputError for input that cannot be read or is too much, and
    signetd.gm.backend.NoBackendError where nothing on this host verifies SM2.
    """
    first = Certificate.read(end, "end certificate") if isinstance(end, bytes) else end
    pool = _certificates(others)
    signatures = Signatures(policy.signer_id)
    evidence = Evidence(policy, _lists(lists), _responses(responses), signatures)
    builder = Builder(policy, store, pool, signatures)
    best: Report | None = None
    for path in islice(builder.paths(first), MAX_PATHS):
        report = _Judge(path, builder, store, evidence).report()
        if report.valid:
            return report
        if best is None or _shortfall(report) < _shortfall(best):
            best = report
    assert best is not None  # noqa: S101  # there is a path of the end certificate at least
    return best


def _shortfall(report: Report) -> tuple[bool, int]:
    anchored = report.of(Name.TRUST_ANCHOR).status is Status.PASSED
    return not anchored, len(report.failures)


class _Judge:
    """Judges one path."""

    def __init__(self, path: Path, builder: Builder, store: TrustStore, evidence: Evidence) -> None:
        self._path = path.certificates
        self._problem = path.problem
        self._builder = builder
        self._store = store
        self._evidence = evidence

    def report(self) -> Report:
        """Make all checks."""
        checks: list[Check] = []
        for position, certificate in enumerate(self._path):
            notes = Notes(certificate, position)
            if position == 0:
                self._whole(notes)
            self._one(notes)
            checks += notes.checks
        return Report(self._path, tuple(checks))

    def _whole(self, notes: Notes) -> None:
        anchor = f"{self._path[-1].name} is in the trust store {self._store.name}"
        notes.judge(Name.TRUST_ANCHOR, not self._problem, anchor, self._problem)
        count, most = len(self._path), self._evidence.policy.max_path
        text = f"the path has {count} certificates, {most} are allowed"
        notes.judge(Name.PATH, count <= most, text, text)

    def _one(self, notes: Notes) -> None:
        policy, position = self._evidence.policy, notes.position
        is_last = position == len(self._path) - 1
        is_anchor = is_last and not self._problem
        single.check(notes, policy, is_anchor=is_anchor)
        if is_last:
            reason = "an anchor is trusted without" if is_anchor else "its issuer is not known"
            notes.add(Name.SIGNATURE, Status.NOT_CHECKED, reason)
        else:
            links.check(notes, self._path[position + 1], self._evidence.signatures)
        if position == 0:
            roles.check_end(notes, policy)
        else:
            below = sum(not each.is_self_issued for each in self._path[1:position])
            roles.check_authority(notes, policy, below)
        self._revocation(notes, is_last)

    def _revocation(self, notes: Notes, is_last: bool) -> None:
        if self._evidence.policy.revocation is Revocation.IGNORED:
            notes.add(Name.REVOCATION, Status.NOT_CHECKED, "the policy does not ask for it")
        elif is_last:
            reason = "nobody above it is known who could revoke it"
            notes.add(Name.REVOCATION, Status.NOT_CHECKED, reason)
        else:
            place = Place(notes.certificate, self._issuers(notes.position))
            answers.check(notes, place, self._evidence)

    def _issuers(self, position: int) -> Sequence[Certificate]:
        """Return the CA above with the certificates of its other keys, for which somebody vouches.

        A CA that has changed its key signs its list with the new one (RFC 5280, 6.3.3 f).
        """
        issuer, *above = self._path[position + 1 : position + 3]
        if not self._evidence.lists:
            return [issuer]
        others = [
            each for each in self._builder.named(issuer.subject_key) if each.spki != issuer.spki
        ]
        vouched = [each for each in others[:_MAX_KEYS] if self._is_vouched(each, [issuer, *above])]
        return [issuer, *vouched]

    def _is_vouched(self, other: Certificate, vouchers: Sequence[Certificate]) -> bool:
        basic = other.basic_constraints
        if other in self._store:
            return basic is not None and basic.ca
        return any(
            not revocation.delegate_problem(self._evidence, other, voucher, None)
            for voucher in vouchers
        )


def _certificates(given: Iterable[Certificate | bytes]) -> list[Certificate]:
    found: list[Certificate] = []
    for i, each in enumerate(given, 1):
        if isinstance(each, bytes):
            found += Certificate.read_all(each, f"other certificate {i}")
        else:
            found.append(each)
        _limit(len(found), MAX_OTHERS, "other certificates")
    return found


def _lists(given: Iterable[RevocationList | bytes]) -> list[RevocationList]:
    found: list[RevocationList] = []
    for i, each in enumerate(given, 1):
        _limit(i, MAX_SOURCES, "revocation lists")
        place = f"revocation list {i}"
        found.append(RevocationList.read(each, place) if isinstance(each, bytes) else each)
    return found


def _responses(given: Iterable[OcspResponse | bytes]) -> list[OcspResponse]:
    found: list[OcspResponse] = []
    for i, each in enumerate(given, 1):
        _limit(i, MAX_SOURCES, "OCSP responses")
        place = f"OCSP response {i}"
        found.append(OcspResponse.read(each, place) if isinstance(each, bytes) else each)
    return found


def _limit(count: int, most: int, what: str) -> None:
    if count > most:
        raise InputError(what, f"more than {most} were given; give those that are needed")
