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
from signetd.pki import Certificate, InputError, Policy, TrustStore, validate
from signetd.seal import Result, Rules, Seal, Trust, parse_seal, verify_seal
from signetd.seal.verify_signer import check_in_seal

LIFETIME: Final = timedelta(minutes=1)
"""How long a verdict counts at most."""
MAX_VERDICTS: Final = 4096
"""How many verdicts are remembered."""
_LATER: Final = frozenset({"SEAL_VALIDITY"})
"""What need not hold yet when a seal is made."""


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

    async def check_maker(self, certificate: Certificate, others: Iterable[bytes] = ()) -> None:
        """Raise CERTIFICATE_UNSUITABLE unless seals may be made with the certificate now.

        Before each seal: chain, validity, revocation and key usage (GM/T 0031-2025). *others* are
        certificates of CAs, DER, beside those of the configuration; none is trusted. Raises
        TRUST_UNUSABLE.
        """
        await asyncio.to_thread(self._check_maker, certificate, others)

    async def check_made(self, seal: str, der: bytes, others: Iterable[bytes] = ()) -> None:
        """Raise SEAL_INVALID unless a seal that was made, SESeal in DER, verifies here now.

        Whatever verifies it later judges its time stamp by the same evidence. A seal may be made
        before its validity begins. Raises TRUST_UNUSABLE.
        """
        await asyncio.to_thread(self._check_made, seal, der, others)

    def _check_maker(self, certificate: Certificate, others: Iterable[bytes]) -> None:
        if self._config.makers is None:
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                "No seal can be made: no maker of seals is trusted, so its certificate cannot be "
                "verified, and nobody could stamp with the seal. Name the folder with the roots of "
                "makers in the configuration: [seals] makers.",
            )
        try:
            trust = self._folders.trust().with_evidence(tuple(_read(others)), ())
            self._check_chain(certificate, trust.makers, trust, self._clock(), "of the maker")
        except InputError as error:
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                f"The certificate of the maker cannot be verified: {error}.",
            ) from None

    def _check_made(self, name: str, der: bytes, others: Iterable[bytes]) -> None:
        try:
            trust = self._folders.trust().with_evidence(tuple(_read(others)), ())
            self._check_seal(name, parse_seal(der), trust, self._clock(), but=_LATER)
        except InputError as error:
            raise _unusable(error) from None

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

    def _check_seal(
        self,
        name: str,
        seal: Seal,
        trust: Trust,
        now: datetime,
        *,
        but: frozenset[str] = frozenset(),
    ) -> None:
        if self._config.makers is None:
            raise SignetError(
                Reason.SEAL_INVALID,
                f"The seal {name!r} cannot be verified: no maker of seals is trusted. Name the "
                "folder with their roots in the configuration: [seals] makers.",
            )
        given = trust.circumstances(rules=self._rules, at=now, revocation=self._revocation)
        report = verify_seal(seal, given)
        failed = [each for each in report.checks if each.result is Result.FAILED]
        bad = [each for each in failed if each.name not in but]
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
        self._check_chain(certificate, trust.signers, trust, now, "that is to stamp")

    def _check_chain(
        self,
        certificate: Certificate,
        roots: TrustStore,
        trust: Trust,
        now: datetime,
        which: str,
    ) -> None:
        policy = Policy(at=now, key_usages=USAGES, revocation=self._revocation)
        report = validate(certificate, policy, roots, trust.others, trust.lists)
        if not report.valid:
            first = report.failures[0]
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                f"The certificate {which} does not hold: {first.subject}: {first.reason} "
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
