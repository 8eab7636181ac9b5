"""Whether a seal, and the certificate that is to stamp with it, hold now; remembered for a while.

GM/T 0031, 6.2.2 a) to c) and GB/T 38540-2020, 7: before each stamp the signer's certificate is
verified, and the seal, and that the certificate is one of those in the seal. To follow the same
chains for each of thousands of stamps would cost more than the stamps: a verdict counts for a
minute, unless the evidence changes or a certificate expires before that.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from signetd.daemon.config.schema import Seals
from signetd.daemon.seals.certificates import USAGES
from signetd.daemon.seals.parts import Clock
from signetd.daemon.seals.types import RegisteredSeal
from signetd.daemon.trust.folders import revocation_of
from signetd.daemon.trust.parts import Folders
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate, InputError, Policy, validate
from signetd.seal import Result, Rules, Seal, Trust, verify_seal
from signetd.seal.verify_signer import check_in_seal

LIFETIME: Final = timedelta(minutes=1)
"""How long a verdict counts at most."""
MAX_VERDICTS: Final = 4096
"""How many verdicts are remembered."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found ``at`` a time; it counts ``until`` then."""

    problem: SignetError | None
    at: datetime
    until: datetime


class SealJudge:
    """Judges seals and certificates by the configuration; for one event loop.

    Verdicts are by one reading of the folders: they are forgotten when those are read again.
    """

    def __init__(self, config: Seals, folders: Folders, clock: Clock) -> None:
        self._config = config
        self._rules = Rules(config.rules)
        self._revocation = revocation_of(config)
        self._folders = folders
        self._clock = clock
        self._trust: Trust | None = None
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
        is not one of the seal's, or does not hold; TRUST_UNUSABLE.
        """
        trust = await asyncio.to_thread(self._folders.trust)
        verdict = self._known(registered, certificate, trust)
        if verdict is None:
            async with self._judging:  # of many that wait for the same, one judges
                verdict = self._known(registered, certificate, trust)
                if verdict is None:
                    known = trust.with_evidence(tuple(_read(others)), ())
                    verdict = await asyncio.to_thread(
                        self._judge, registered.id, seal, certificate, known
                    )
                    self._remember(registered, certificate, verdict, trust)
        if verdict.problem is not None:
            raise _again(verdict.problem)

    def _known(
        self, registered: RegisteredSeal, certificate: Certificate, trust: Trust
    ) -> Verdict | None:
        found = self._verdicts.get((registered.sm3, certificate.der))
        if found is None or trust is not self._trust:
            return None
        return found if found.at <= self._clock() < found.until else None

    def _remember(
        self, registered: RegisteredSeal, certificate: Certificate, verdict: Verdict, trust: Trust
    ) -> None:
        if trust is not self._trust:
            self._trust = trust
            self._verdicts.clear()
        place = (registered.sm3, certificate.der)
        self._verdicts[place] = verdict
        self._verdicts.move_to_end(place)
        while len(self._verdicts) > MAX_VERDICTS:
            self._verdicts.popitem(last=False)

    def _judge(self, name: str, seal: Seal, certificate: Certificate, trust: Trust) -> Verdict:
        now = self._clock()
        until = now + LIFETIME
        problem = None
        try:
            self._check_seal(name, seal, trust, now)
            _check_listed(name, seal, certificate)
            self._check_signer(certificate, trust, now)
        except SignetError as error:
            problem = error
        except InputError as error:
            problem = _unusable(error)
        else:
            # A certificate that expires within the minute is not used after that.
            maker = Certificate.read(seal.certificate)
            until = min(until, *(_end(each, now, until) for each in (maker, certificate)))
        return Verdict(problem=problem, at=now, until=until)

    def _check_seal(self, name: str, seal: Seal, trust: Trust, now: datetime) -> None:
        if self._config.makers is None:
            raise SignetError(
                Reason.SEAL_INVALID,
                f"The seal {name!r} cannot be verified: no maker of seals is trusted. Name the "
                "folder with their roots in the configuration: [seals] makers.",
            )
        given = trust.circumstances(rules=self._rules, at=now, revocation=self._revocation)
        report = verify_seal(seal, given)
        bad = [each for each in report.checks if each.result is Result.FAILED]
        if bad:
            raise SignetError(
                Reason.SEAL_INVALID,
                f"The seal {name!r} does not verify: {bad[0].reason} ({bad[0].name}).",
                metadata={"check": bad[0].name},
            )

    def _check_signer(self, certificate: Certificate, trust: Trust, now: datetime) -> None:
        if self._config.signers is None:
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                "Nobody who stamps is trusted. Name the folder with the roots of their "
                "certificates in the configuration: [seals] signers.",
            )
        policy = Policy(at=now, key_usages=USAGES, revocation=self._revocation)
        report = validate(certificate, policy, trust.signers, trust.others, trust.lists)
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


def _unusable(error: InputError) -> SignetError:
    return SignetError(
        Reason.TRUST_UNUSABLE,
        "What the configuration and the certificates of the seal's keys say together cannot be "
        f"used: {error}.",
    )


def _again(problem: SignetError) -> SignetError:
    """Return a problem that was found before, to be raised once more."""
    return SignetError(problem.reason, problem.message, metadata=problem.metadata)
