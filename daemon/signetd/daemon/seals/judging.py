"""Whether a seal, and the certificate that is to stamp with it, hold now; remembered for a while.

GM/T 0031, 6.2.2 a) to c) and GB/T 38540-2020, 7: before each stamp the signer's certificate is
verified, and the seal, and that the certificate is one of those in the seal. To follow the same
chains for each of thousands of stamps would cost more than the stamps: a verdict counts for a
minute, unless the evidence changes or a certificate expires before that.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from signetd.daemon.config.schema import Seals
from signetd.daemon.seals.certificates import USAGES
from signetd.daemon.seals.evidence import Evidence, EvidenceFolders
from signetd.daemon.seals.parts import Clock
from signetd.daemon.seals.types import RegisteredSeal
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate, InputError, Policy, Revocation, validate
from signetd.seal import Circumstances, Result, Rules, Seal, verify_seal
from signetd.seal.verify_signer import check_in_seal

LIFETIME: Final = timedelta(minutes=1)
"""How long a verdict counts at most."""
MAX_VERDICTS: Final = 4096
"""How many verdicts are remembered."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found ``at`` a time by a ``version`` of the evidence; it counts ``until`` then."""

    problem: SignetError | None
    version: int
    at: datetime
    until: datetime


class SealJudge:
    """Judges seals and certificates by the configuration; for one event loop."""

    def __init__(self, config: Seals, evidence: EvidenceFolders, clock: Clock) -> None:
        self._rules = Rules(config.rules)
        self._revocation = Revocation[config.revocation.upper().replace("-", "_")]
        self._evidence = evidence
        self._clock = clock
        self._verdicts: OrderedDict[tuple[str, bytes], Verdict] = OrderedDict()
        self._judging = asyncio.Lock()

    async def check(
        self,
        registered: RegisteredSeal,
        seal: Seal,
        certificate: Certificate,
        others: Iterable[bytes] = (),
    ) -> None:
        """Raise unless the certificate can stamp with the seal now.

        *others* are certificates of CAs, DER, beside those of the configuration; none is trusted.
        SEAL_INVALID where the seal does not verify; CERTIFICATE_UNSUITABLE where the certificate
        is not one of the seal's, or does not hold.
        """
        try:
            evidence = await asyncio.to_thread(self._evidence.read)
        except InputError as error:
            raise _unreadable(error) from None
        verdict = self._known(registered, certificate, evidence)
        if verdict is None:
            async with self._judging:  # of many that wait for the same, one judges
                verdict = self._known(registered, certificate, evidence)
                if verdict is None:
                    known = replace(evidence, others=(*evidence.others, *_read(others)))
                    verdict = await asyncio.to_thread(
                        self._judge, registered.id, seal, certificate, known
                    )
                    self._remember(registered, certificate, verdict)
        if verdict.problem is not None:
            raise _again(verdict.problem)

    def _known(
        self, registered: RegisteredSeal, certificate: Certificate, evidence: Evidence
    ) -> Verdict | None:
        found = self._verdicts.get((registered.sm3, certificate.der))
        if found is None or found.version != evidence.version:
            return None
        return found if found.at <= self._clock() < found.until else None

    def _remember(
        self, registered: RegisteredSeal, certificate: Certificate, verdict: Verdict
    ) -> None:
        place = (registered.sm3, certificate.der)
        self._verdicts[place] = verdict
        self._verdicts.move_to_end(place)
        while len(self._verdicts) > MAX_VERDICTS:
            self._verdicts.popitem(last=False)

    def _judge(
        self, name: str, seal: Seal, certificate: Certificate, evidence: Evidence
    ) -> Verdict:
        now = self._clock()
        until = now + LIFETIME
        problem = None
        try:
            self._check_seal(name, seal, evidence, now)
            _check_listed(name, seal, certificate)
            self._check_signer(certificate, evidence, now)
        except SignetError as error:
            problem = error
        except InputError as error:
            problem = _unreadable(error)
        else:
            # A certificate that expires within the minute is not used after that.
            maker = Certificate.read(seal.certificate)
            until = min(until, *(_end(each, now, until) for each in (maker, certificate)))
        return Verdict(problem=problem, version=evidence.version, at=now, until=until)

    def _check_seal(self, name: str, seal: Seal, evidence: Evidence, now: datetime) -> None:
        if evidence.makers is None:
            raise SignetError(
                Reason.SEAL_INVALID,
                f"The seal {name!r} cannot be verified: no maker of seals is trusted. Name the "
                "folder with their roots in the configuration: [seals] makers.",
            )
        report = verify_seal(
            seal,
            Circumstances(
                rules=self._rules,
                at=now,
                makers=evidence.makers,
                time_authorities=evidence.time_authorities,
                others=evidence.others,
                lists=evidence.lists,
                revocation=self._revocation,
            ),
        )
        bad = [each for each in report.checks if each.result is Result.FAILED]
        if bad:
            raise SignetError(
                Reason.SEAL_INVALID,
                f"The seal {name!r} does not verify: {bad[0].reason} ({bad[0].name}).",
                metadata={"check": bad[0].name},
            )

    def _check_signer(self, certificate: Certificate, evidence: Evidence, now: datetime) -> None:
        if evidence.signers is None:
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                "Nobody who stamps is trusted. Name the folder with the roots of their "
                "certificates in the configuration: [seals] signers.",
            )
        policy = Policy(at=now, key_usages=USAGES, revocation=self._revocation)
        report = validate(certificate, policy, evidence.signers, evidence.others, evidence.lists)
        if not report.valid:
            first = report.failures[0]
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                f"The certificate that is to stamp does not hold: {first.subject}: {first.reason} "
                f"({first.name}).",
                metadata={"check": str(first.name)},
            )


def _check_listed(name: str, seal: Seal, certificate: Certificate) -> None:
    found = check_in_seal(seal.info.properties, certificate.der)
    if found.result is Result.FAILED:
        raise SignetError(
            Reason.CERTIFICATE_UNSUITABLE,
            f"The certificate of the seal's key is not one of those in the seal {name!r}: it was "
            "issued after the seal was made. Apply for a seal in its place (ChangeSeal).",
            metadata={"check": "SIGNER_IN_SEAL"},
        )


def _read(others: Iterable[bytes]) -> Iterator[Certificate]:
    for each in others:
        yield Certificate.read(each, "a CA of a key's certificate")


def _end(certificate: Certificate, now: datetime, until: datetime) -> datetime:
    """Return until when a verdict counts that rests on *certificate*."""
    after = certificate.not_after + timedelta(microseconds=1)
    return after if now < after < until else until


def _unreadable(error: InputError) -> SignetError:
    return SignetError(
        Reason.SEAL_INVALID,
        f"Seals cannot be verified: {error}. An administrator can mend what [seals] of the "
        "configuration names.",
    )


def _again(problem: SignetError) -> SignetError:
    """Return a problem that was found before, to be raised once more."""
    return SignetError(problem.reason, problem.message, metadata=problem.metadata)
