"""Judges seals and stamps of any issuer, by the configuration or by a trust list."""

from collections.abc import Callable
from datetime import datetime

from signetd.daemon.config.schema import Seals as SealsConfig
from signetd.daemon.trust.folders import revocation_of
from signetd.daemon.trust.parts import Clock, Folders, Lists, Seals
from signetd.daemon.trust.status import status_of
from signetd.daemon.trust.threads import VerifyThreads
from signetd.daemon.trust.types import Judged, Wanted
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.backend import NoBackendError
from signetd.pki import InputError
from signetd.seal import (
    Circumstances,
    Report,
    Result,
    Rules,
    Seal,
    SealError,
    Stamp,
    Trust,
    Verdict,
    parse_seal,
    parse_stamp,
    verify_seal,
    verify_stamp,
)
from signetd.seal.verify_timestamp import time_of


class Verifier:
    """Makes reports. A bad seal is a report; errors are for what cannot be judged."""

    def __init__(
        self,
        config: SealsConfig,
        folders: Folders,
        lists: Lists,
        seals: Seals,
        threads: VerifyThreads,
        clock: Clock,
    ) -> None:
        self._rules = Rules(config.rules)
        self._revocation = revocation_of(config)
        self._nobody_makes_seals = config.makers is None
        self._folders = folders
        self._lists = lists
        self._seals = seals
        self._threads = threads
        self._clock = clock

    async def seal(self, der: bytes, wanted: Wanted, client: str) -> Judged:
        """Judge a seal (SESeal, DER) for `wanted.time`.

        Raises TRUST_LIST_NOT_FOUND, TRUST_UNUSABLE; OVERLOADED, SHUTTING_DOWN.
        """
        return await self._threads.run(lambda: self._judge_seal(der, wanted), client)

    async def stamp(
        self, der: bytes, document_digest: bytes | None, wanted: Wanted, client: str
    ) -> Judged:
        """Judge a stamp (SES_Signature, DER), and the seal in it; raises as `seal`.

        *document_digest* is SM3 of the protected original, 32 bytes, or None.
        """
        return await self._threads.run(
            lambda: self._judge_stamp(der, document_digest, wanted), client
        )

    async def verify(self, der: bytes, trust_list: str, client: str = "") -> None:
        """Raise SEAL_INVALID unless a seal verifies now; and what `seal` does.

        *trust_list* is a resource name, "" for the configuration. This is what imports ask.
        """
        if not trust_list and self._nobody_makes_seals:
            raise _invalid(
                "no maker of seals is trusted; name the folder with their roots in the "
                "configuration: [seals] makers"
            )
        wanted = Wanted(trust_list=trust_list.removeprefix("trustLists/"))
        report = (await self.seal(der, wanted, client)).report
        if report.verdict is not Verdict.GOOD:
            failures = [each for each in report.checks if each.result is Result.FAILED]
            raise _invalid("; ".join(f"{each.reason} ({each.name})" for each in failures))

    def _judge_seal(self, der: bytes, wanted: Wanted) -> Judged:
        seal = _read_seal(der)
        time = wanted.time or self._clock()
        known = seal.der if isinstance(seal, Seal) else None
        given, label = self._circumstances(wanted, known, time)
        return Judged(report=_judged(lambda: verify_seal(seal, given)), trust_list=label)

    def _judge_stamp(self, der: bytes, digest: bytes | None, wanted: Wanted) -> Judged:
        stamp = _read_stamp(der)
        if isinstance(stamp, Stamp):
            signed = time_of(stamp.time_token) if stamp.time is None else stamp.time
            time, known = signed or wanted.time or self._clock(), stamp.seal.der
        else:
            time, known = self._clock(), None
        given, label = self._circumstances(wanted, known, time)
        return Judged(report=_judged(lambda: verify_stamp(stamp, given, digest)), trust_list=label)

    def _circumstances(
        self, wanted: Wanted, seal: bytes | None, time: datetime
    ) -> tuple[Circumstances, str]:
        """Return what to judge by: *seal* is asked about for *time*, if it could be read."""
        now = self._clock()
        at = wanted.time or now
        trust, label = self._trust(wanted.trust_list, now)
        given = trust.circumstances(
            rules=wanted.rules or self._rules,
            at=at,
            # For a time that is over, the lists of today say more than those of then. Of a time to
            # come, those of today say nothing.
            evidence_at=max(at, now),
            revocation=self._revocation,
            status=None if seal is None else status_of(self._seals, seal, time, now),
        )
        return given, label

    def _trust(self, trust_list: str, now: datetime) -> tuple[Trust, str]:
        if not trust_list:
            return self._folders.trust(), ""
        trust, label = self._lists.trust(trust_list, now)
        # Revocation lists become old sooner than a trust list is published again.
        ours = self._folders.trust()
        return trust.with_evidence(ours.others, ours.lists), label


def _read_seal(der: bytes) -> Seal | bytes:
    """Read a seal once; what is none stays as it is, for the report to say why."""
    try:
        return parse_seal(der)
    except SealError:
        return der


def _read_stamp(der: bytes) -> Stamp | bytes:
    try:
        return parse_stamp(der)
    except SealError:
        return der


def _judged(judge: Callable[[], Report]) -> Report:
    try:
        return judge()
    except InputError as error:
        raise SignetError(
            Reason.TRUST_UNUSABLE,
            f"What the configuration and the trust list say together cannot be used: {error}.",
        ) from None
    except NoBackendError as error:
        raise SignetError(
            Reason.TRUST_UNUSABLE, f"Nothing on this machine verifies SM2: {error}."
        ) from None


def _invalid(why: str) -> SignetError:
    return SignetError(Reason.SEAL_INVALID, f"The seal does not verify: {why}.")
