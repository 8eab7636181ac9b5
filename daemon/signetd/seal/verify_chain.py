"""Chains of makers' and signers' certificates at a given time, by the evidence that there is."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple, TypeVar

import msgspec

from signetd import pki
from signetd.pki import (
    Certificate,
    InputError,
    OcspResponse,
    Policy,
    Revocation,
    RevocationList,
    validation,
)
from signetd.seal.circumstances import Circumstances

_T = TypeVar("_T")
_OF_TOKENS: Final = 32
"""Certificates, and lists, that time stamps may bring, besides those that are given."""
MAX_OTHERS: Final = validation.MAX_OTHERS - _OF_TOKENS
MAX_SOURCES: Final = validation.MAX_SOURCES - _OF_TOKENS
USAGES: Final = frozenset({"digitalSignature", "nonRepudiation"})
"""One of these must a maker's or signer's certificate have (GM/T 0031)."""


class Doubt(Enum):
    """Why it is less than certain that nothing of a chain is revoked."""

    NONE = ""
    OLD_EVIDENCE = "by evidence of that time: none of now was given"
    EXPIRED = (
        "by evidence from after the expiry of a certificate, when CAs may have taken it off: only "
        "a time stamp, or evidence from before, makes it certain"
    )


class Chain(NamedTuple):
    """How a certificate's chain was judged for the time *at*."""

    report: pki.Report
    at: datetime
    doubt: Doubt = Doubt.NONE
    revocation: pki.Report | None = None
    """Where the revocation was judged apart: for a time that is proven, or by other evidence."""

    @property
    def checks(self) -> list[pki.Check]:
        """All checks, each from the report that counts for it."""
        if self.revocation is None:
            return list(self.report.checks)
        own = [each for each in self.report.checks if each.name is not pki.Name.REVOCATION]
        return own + [each for each in self.revocation.checks if each.name is pki.Name.REVOCATION]

    @property
    def failures(self) -> frozenset[pki.Name]:
        """The checks that have failed."""
        return frozenset(each.name for each in self.checks if each.status is pki.Status.FAILED)


class Chains:
    """Judges chains. Raises InputError for evidence that cannot be read, or is too much."""

    def __init__(self, circumstances: Circumstances) -> None:
        self._given = circumstances
        self.others = [
            found
            for i, each in enumerate(_limited(circumstances.others, MAX_OTHERS, "others"), 1)
            for found in _certificates(each, f"others, number {i}")
        ]
        self.lists = [
            RevocationList.read(each, f"lists, number {i}") if isinstance(each, bytes) else each
            for i, each in enumerate(_limited(circumstances.lists, MAX_SOURCES, "lists"), 1)
        ]
        self.responses = [
            OcspResponse.read(each, f"responses, number {i}") if isinstance(each, bytes) else each
            for i, each in enumerate(_limited(circumstances.responses, MAX_SOURCES, "responses"), 1)
        ]

    def judge(
        self, end: Certificate, store: pki.TrustStore, at: datetime, proven: datetime | None
    ) -> Chain:
        """Judge the chain of *end* for the time *at*.

        *proven* is when a time stamp shows the signature to have existed already: a key that was
        stolen later has not made it.
        """
        policy = self._policy(at)
        report = self._validated(end, policy, store)
        if not _is_refused(report):
            return Chain(report, at)
        if self._is_revoked(end, policy, store):
            return Chain(report, at, revocation=self._by_proof(end, policy, store, proven))
        return self._doubtful(end, policy, store) or Chain(report, at)

    def _doubtful(self, end: Certificate, policy: Policy, store: pki.TrustStore) -> Chain | None:
        """Judge where nothing current tells of a revocation; None if nothing else does either.

        CAs take off their lists what has expired, so that for an old signature a list of its own
        time, or one of today that does not have the certificate, may be all that there is. The
        standards go on with an expired certificate, and so does this.
        """
        then = self._validated(end, _replaced(policy, evidence_at=policy.at), store)
        if not _is_refused(then):
            return Chain(then, policy.at, Doubt.OLD_EVIDENCE)
        now = self._given.current_at
        others = [_lasting(each, now) for each in self.others]
        known = pki.validate(_lasting(end, now), policy, store, others, self.lists, self.responses)
        if _is_refused(known):
            return None
        return Chain(self._validated(end, policy, store), policy.at, Doubt.EXPIRED, known)

    def _is_revoked(self, end: Certificate, policy: Policy, store: pki.TrustStore) -> bool:
        """Tell revoked from not known to be good."""
        known = _replaced(policy, revocation=Revocation.IF_KNOWN)
        return _is_refused(self._validated(end, known, store))

    def _by_proof(
        self, end: Certificate, policy: Policy, store: pki.TrustStore, proven: datetime | None
    ) -> pki.Report | None:
        """Judge for when the signature is known to have existed; None if that changes nothing."""
        if proven is None:
            return None
        lenient = _replaced(policy, at=max(policy.at, proven), refused_reasons=frozenset())
        report = self._validated(end, lenient, store)
        return None if _is_refused(report) else report

    def _validated(self, end: Certificate, policy: Policy, store: pki.TrustStore) -> pki.Report:
        return pki.validate(end, policy, store, self.others, self.lists, self.responses)

    def _policy(self, at: datetime) -> Policy:
        return Policy(
            at=at,
            key_usages=USAGES,
            signer_id=self._given.authority_id,
            revocation=self._given.revocation,
            evidence_at=self._given.current_at,
        )


def _lasting(certificate: Certificate, until: datetime) -> Certificate:
    """Return it as if it had not expired, to ask evidence of now about it, and for nothing else."""
    if certificate.not_after >= until:
        return certificate
    return dataclasses.replace(certificate, not_after=until)


def _is_refused(report: pki.Report) -> bool:
    return any(each.name is pki.Name.REVOCATION for each in report.failures)


def _replaced(policy: Policy, **changes: object) -> Policy:
    return msgspec.structs.replace(policy, **changes)


def _certificates(given: Certificate | bytes, place: str) -> list[Certificate]:
    return Certificate.read_all(given, place) if isinstance(given, bytes) else [given]


def _limited(given: Iterable[_T], most: int, name: str) -> list[_T]:
    found = list(given)
    if len(found) > most:
        raise InputError(name, f"more than {most} were given; give those that are needed")
    return found
