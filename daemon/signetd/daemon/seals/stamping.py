"""Seals are applied (签章): from a request to a stamp that may leave.

The procedure of GM/T 0031, 6.2.2 and GB/T 38540-2020, 7: the certificate that signs and the seal
are verified before anything is signed. As with any signature, the stamp is made first and written
down then, with what it costs, and only if its seal is still in use in that very transaction: what
was not written down, or had its seal suspended meanwhile, is not given out.
"""

import asyncio
from datetime import datetime
from typing import Final, Protocol

import msgspec

from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Charge, Effect, Entry, Ledger, Written
from signetd.daemon.audit.use_records import Use, UseRecords
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.charges import approvals_of, charges_of, key_charges
from signetd.daemon.policy.evaluate import Decision, Option
from signetd.daemon.policy.types import ADMINISTRATORS, ApprovalRule, Asker
from signetd.daemon.seals import certificates, stamp_build, stamp_checks
from signetd.daemon.seals.judging import SealJudge
from signetd.daemon.seals.parts import Keys, Store
from signetd.daemon.seals.shelf import SealShelf
from signetd.daemon.seals.stamp_clock import StampClock
from signetd.daemon.seals.stamp_tokens import NONE, StampTokens, Token
from signetd.daemon.seals.stamp_types import StampInput, StampMade
from signetd.daemon.seals.types import RegisteredSeal, SealState
from signetd.daemon.signing.approved import Approvals, Engine
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.permits import alike
from signetd.daemon.signing.types import Signed
from signetd.daemon.signing.validate import check_allowed
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm
from signetd.gm.sm3 import sm3
from signetd.pki import Certificate
from signetd.seal import Seal

_TRIES: Final = 5  # to write a stamp down while the policy keeps changing
_SHOWN: Final = 200  # characters of what callers and authorities say, in a record


class Gate(Protocol):
    """What knows who may stamp."""

    def now(self) -> datetime:
        """Tell the time, with its zone."""
        ...

    async def refresh(self) -> None:
        """See what has changed."""
        ...

    def check_credential(self, asker: Asker) -> None:
        """Raise PERMISSION_DENIED if what somebody has shown does not count any more."""
        ...

    def stamping(self, asker: Asker, key_id: str) -> tuple[RegisteredKey, Decision]:
        """Return the key of a seal that somebody may stamp with; raises PERMISSION_DENIED, …."""
        ...


class _Permit(msgspec.Struct, frozen=True, kw_only=True):
    """What allows one stamp, as long as the policy and the seal are those it was decided by."""

    registered: RegisteredSeal
    seal: Seal
    key: RegisteredKey
    certificate: Certificate
    version: int
    options: tuple[Option, ...]
    rules: tuple[ApprovalRule, ...]


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """A stamp that is made, and not written down yet."""

    seen: RegisteredSeal
    certificate: bytes
    der: bytes
    time: datetime
    signed: Signed
    token: Token


class _Use(Use):
    """One request, and what its record says so far."""

    def __init__(self, request: StampInput, asker: Asker) -> None:
        super().__init__(asker, subjects.STAMP, f"seals/{request.seal}")
        self.request = request
        self.note(detail=f"seals/{request.seal}")


class StampDesk:
    """Stamps for callers whom policy allows it, and writes down every stamp and refusal."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        gate: Gate,
        judge: SealJudge,
        clock: StampClock,
        tokens: StampTokens,
        engine: Engine,
        approvals: Approvals,
        ledger: Ledger,
    ) -> None:
        self._store = store
        self._shelf = SealShelf(store)
        self._keys = keys
        self._gate = gate
        self._judge = judge
        self._clock = clock
        self._tokens = tokens
        self._engine = engine
        self._approvals = approvals
        self._ledger = ledger
        self._records = UseRecords(ledger)

    async def stamp(self, request: StampInput, asker: Asker) -> StampMade:
        """Stamp a document for *asker*.

        Raises SignetError AUDIT_UNAVAILABLE; PERMISSION_DENIED, in the same words whether there is
        such a seal or not; SEAL_NOT_FOUND, KEY_NOT_FOUND to those who may know; what
        `stamp_checks` raises; KEY_PURPOSE_WRONG and what else `certificates` raises;
        SEAL_NOT_VALID_NOW, KEY_CERTIFICATE_UNSUITABLE, TRUST_UNUSABLE; APPROVAL_NEEDED and other
        reasons about approvals; CLOCK_WRONG; TIMESTAMP_FAILED; LIMIT_REACHED; and what the engine
        raises.
        """
        self._ledger.check()
        use = _Use(request, asker)
        return await self._records.finish(use, self._stamp(use))

    async def drain(self) -> None:
        """Wait for the records of requests that were given up; before the ledger is closed."""
        await self._records.drain()

    async def subject(self, request: StampInput, asker: Asker) -> tuple[Subject, RegisteredKey]:
        """Return what is to be approved of a stamp, and the key of the seal.

        Raises as `stamp`, for what could not be stamped with an approval either.
        """
        await self._gate.refresh()
        permit = await self._permit(_Use(request, asker))
        return subjects.stamp(request.seal, request.document_digest), permit.key

    async def _stamp(self, use: _Use) -> StampMade:
        permit = await self._permit(use)
        if use.request.timestamp:
            self._tokens.check()
        with self._approvals.reserve(use.request.approval, use.asker.identity):
            await self._effects(use, permit)  # before the token is asked in vain
            made = await self._made(use, permit)
            written = await self._write(use, permit, made)
        return StampMade(
            stamp=made.der,
            time=made.time,
            key=made.signed.key,
            timestamped=made.token.der is not None,
            timestamp_failure=made.token.failure,
            number=written.number,
        )

    async def _permit(self, use: _Use) -> _Permit:
        use.note(allowed=False)  # until it is known, here and with the approval
        request = use.request
        self._gate.check_credential(use.asker)
        seen = await asyncio.to_thread(self._store.get, request.seal, whole=False)
        registered, key, decision = self._allowed(use.asker, request.seal, seen)
        use.resource = f"keys/{key.id}"
        use.note(digest=request.document_digest[:64].hex(), algorithm=str(Algorithm.SM2_SM3))
        stamp_checks.check_input(request)
        await self._check_state(registered)
        certificate = certificates.signer_certificate(key)
        check_allowed(key, Algorithm.SM2_SM3)
        seal = await self._shelf.get(registered)
        await self._judge.check(registered, seal, certificate, self._chains(registered, key))
        options = alike(decision)
        return _Permit(
            registered=registered,
            seal=seal,
            key=key,
            certificate=certificate,
            version=decision.version,
            options=options,
            rules=approvals_of(options[0], key.policy),
        )

    def _allowed(
        self, asker: Asker, seal: str, seen: RegisteredSeal | None
    ) -> tuple[RegisteredSeal, RegisteredKey, Decision]:
        """Return the seal, and its key, if *asker* may stamp with it."""
        if seen is None and asker.roles & ADMINISTRATORS:
            raise SignetError(Reason.SEAL_NOT_FOUND, f"There is no seal {seal[:80]!r}.")
        if seen is None or not seen.signing_key:
            raise _denied(asker, seal)
        try:
            return (seen, *self._gate.stamping(asker, seen.signing_key))
        except SignetError as error:
            if error.reason is not Reason.PERMISSION_DENIED:
                raise
            # What the gate says names the key, of which the caller may not know.
            raise _denied(asker, seal) from None

    async def _check_state(self, seal: RegisteredSeal) -> None:
        now = self._clock.now()
        if seal.state is not SealState.IN_USE:
            events = await asyncio.to_thread(self._store.events, seal.id)
            since = stamp_checks.since_of(seal, events)
            raise stamp_checks.not_in_use(seal.id, seal.state, since, seal.state_reason)
        stamp_checks.check_validity(seal, now)

    def _chains(self, seal: RegisteredSeal, key: RegisteredKey) -> tuple[bytes, ...]:
        """Return the certificates of CAs that came with those of the signer and the maker."""
        try:
            maker = self._keys.get(seal.maker_key).certificates
        except SignetError:  # made elsewhere
            maker = ()
        return (*key.certificates[1:], *maker[1:])

    async def _made(self, use: _Use, permit: _Permit) -> _Made:
        registered, request, requester = permit.registered, use.request, use.asker.requester
        time = await self._clock.time(since=registered.update_time)
        stamp_checks.check_validity(registered, time)
        order = stamp_build.order(permit.key, permit.seal, request, time)
        signed = await self._engine.sign(order, await named_digest(order), requester)
        token = NONE
        if request.timestamp:
            token = await self._tokens.over(signed.signature, time, requester.deadline)
        der = stamp_build.stamp(order, permit.certificate, signed.signature, token.der)
        use.note(
            key_version=signed.key.version,
            token=signed.key.token,
            token_serial=signed.key.token_serial,
            signature_digest=sm3(signed.signature).hex(),
            detail=_detail(request, time, token),
        )
        return _Made(
            seen=registered,
            certificate=permit.certificate.der,
            der=der,
            time=time,
            signed=signed,
            token=token,
        )

    async def _effects(self, use: _Use, permit: _Permit) -> tuple[Effect, ...]:
        approval = use.request.approval
        if not (approval or permit.rules):
            use.note(allowed=True)
            return ()
        use.note(approval=approval, allowed=False)
        subject = subjects.stamp(use.request.seal, use.request.document_digest)
        effects = await self._approvals.effects_for_sign(
            approval, subject, use.asker.identity, permit.rules
        )
        use.note(allowed=True)
        return effects

    async def _write(self, use: _Use, permit: _Permit, made: _Made) -> Written:
        """Write the stamp down, under the policy that counts at that moment."""
        for _ in range(_TRIES):
            written = await self._records.write(use, await self._entry(use, permit, made))
            if written is not None:
                return written
            await self._gate.refresh()
            permit = await self._permit(use)
            if permit.certificate.der != made.certificate:
                break  # the key has got another certificate, or pair, than the one that stamped
        raise SignetError(
            Reason.POLICY_CHANGED,
            "Grants and keys were changed all the time while this was stamped; try again.",
        )

    async def _entry(self, use: _Use, permit: _Permit, made: _Made) -> Entry:
        moment = self._gate.now()
        effects = await self._effects(use, permit)
        seal, key = permit.registered, permit.key
        return Entry(
            event=use.event,
            guards=(self._store.in_use(made.seen),),
            charges=(Charge(scope=seal.name), *key_charges(key.id, key.policy, moment)),
            alternatives=tuple(charges_of(option, moment) for option in permit.options),
            effects=effects,
            policy_version=permit.version,
        )


def _denied(asker: Asker, seal: str) -> SignetError:
    # The same words whatever the cause, and whether or not there is such a seal.
    return SignetError(
        Reason.PERMISSION_DENIED,
        f"The identity {asker.identity[:255]!r} may not stamp with a seal {seal[:80]!r}; a "
        "security administrator can explain why, and grant it for the key of the seal.",
    )


def _detail(request: StampInput, time: datetime, token: Token) -> str:
    """Say in a record what was stamped with what: never silent about a missing time stamp."""
    words = [f"seals/{request.seal}", f"time={time:%Y-%m-%dT%H:%M:%SZ}"]
    if request.timestamp:
        words.append("timestamped" if token.der else f"no time stamp ({token.failure[:_SHOWN]})")
    return " ".join((*words, f"property={request.property_info[:_SHOWN]}"))
