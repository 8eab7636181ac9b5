"""Signatures with an approval: looked at before the token is asked, and used up at the end."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Effect, Entry, Ledger, Written
from signetd.daemon.audit.use_records import Use, UseRecords
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import ApprovalRule, Asker
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.item import OPERATION, replaced_before
from signetd.daemon.signing.permits import Permit, Permits
from signetd.daemon.signing.plain import TRIES, changing
from signetd.daemon.signing.types import Released, Signed, SignInput
from signetd.daemon.signing.validate import Checked, check_version
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester
from signetd.gm.sm3 import sm3


class Engine(Protocol):
    """What makes signatures."""

    async def sign(self, checked: Checked, digest: bytes, requester: Requester) -> Signed:
        """Sign what was checked."""
        ...


class Approvals(Protocol):
    """Knows what was approved."""

    def reserve(self, approval: str, user: str) -> AbstractContextManager[None]:
        """Keep an approval for one request meanwhile; raises APPROVAL_INVALID, INPUT_INVALID."""
        ...

    async def effects_for_sign(
        self,
        approval: str,
        subject: Subject,
        user: str,
        wanted: Iterable[ApprovalRule],
        *,
        since: datetime | None = None,
    ) -> tuple[Effect, ...]:
        """Return what uses the approval up; raises APPROVAL_NEEDED, APPROVAL_INVALID."""
        ...


class _ReplacedBefore(SignetError):
    """Another daemon had replaced the pair that signed when the request came."""

    def __init__(self, key: RegisteredKey) -> None:
        super().__init__(
            Reason.POLICY_CHANGED,
            f"The key {key.id!r} was given another pair before this was signed; try again.",
        )


class _Use(Use):
    """One request, and what its record says so far."""

    def __init__(self, request: SignInput, asker: Asker, began: datetime) -> None:
        own = request.id_within(asker.request_id)
        asker = msgspec.structs.replace(asker, request_id=own)
        super().__init__(asker, OPERATION, f"keys/{request.key}")
        self.request = request
        self.began = began
        self.pair: RegisteredKey | None = None  # that signs, even if the key is replaced meanwhile


class ApprovedSigning:
    """Signs what comes with an approval, one request at a time."""

    def __init__(self, engine: Engine, gate: Gate, approvals: Approvals, ledger: Ledger) -> None:
        self._engine = engine
        self._gate = gate
        self._permits = Permits(gate)
        self._approvals = approvals
        self._records = UseRecords(ledger)

    async def sign(self, request: SignInput, asker: Asker) -> Released:
        """Sign a message or a digest for *asker*; raises as ``SigningDesk.sign``."""
        use = _Use(request, asker, self._gate.now())
        return await self._records.finish(use, self._sign(use))

    async def drain(self) -> None:
        """Wait for the records of requests that were given up; before the ledger is closed."""
        await self._records.drain()

    async def _sign(self, use: _Use) -> Released:
        permit = self._permit(use)
        digest = await self._digest(use, permit)
        with self._approvals.reserve(use.request.approval, use.asker.identity):
            try:
                return await self._released(use, permit, digest)
            except _ReplacedBefore:  # which is known now
                permit = self._permit(use)
                return await self._released(use, permit, await self._digest(use, permit))

    async def _digest(self, use: _Use, permit: Permit) -> bytes:
        """Return what the key's pair is to sign, which the record names, also of a refusal."""
        use.pair = permit.checked.key
        check_version(use.pair, use.request.version)
        digest = await named_digest(permit.checked)
        use.note(digest=digest.hex(), algorithm=str(permit.checked.algorithm))
        return digest

    async def _released(self, use: _Use, permit: Permit, digest: bytes) -> Released:
        await self._effects(use, permit, digest)  # before the token is asked in vain
        signed = await self._engine.sign(permit.checked, digest, use.asker.requester)
        key = signed.key
        use.note(
            key_version=key.version,
            token=key.token,
            token_serial=key.token_serial,
            signature_digest=sm3(signed.signature).hex(),
        )
        written = await self._write(use, permit, digest)
        return Released(signed=signed, number=written.number)

    def _permit(self, use: _Use) -> Permit:
        use.note(allowed=False)  # until it is known, here and with the approval
        return self._permits.of(use.request, use.asker)

    async def _effects(self, use: _Use, permit: Permit, digest: bytes) -> tuple[Effect, ...]:
        approval = use.request.approval
        use.note(approval=approval, allowed=False)
        subject = Subject(
            operation=OPERATION,
            resource=use.resource,
            algorithm=permit.checked.algorithm,
            digest=digest,
        )
        effects = await self._approvals.effects_for_sign(
            approval,
            subject,
            use.asker.identity,
            permit.basis.rules,
            since=(use.pair or permit.checked.key).create_time,
        )
        use.note(allowed=True)
        return effects

    async def _write(self, use: _Use, permit: Permit, digest: bytes) -> Written:
        """Write the signature down, under the policy that counts at that moment."""
        for _ in range(TRIES):
            written = await self._records.write(use, await self._entry(use, permit, digest))
            if written is not None:
                return written
            await self._gate.refresh()
            permit = self._permit(use)
            _check_pair(use, permit.checked.key)
        raise changing()

    async def _entry(self, use: _Use, permit: Permit, digest: bytes) -> Entry:
        charges, alternatives = permit.basis.costs.at(self._gate.now())
        effects = await self._effects(use, permit, digest)
        return Entry(
            event=use.event,
            charges=charges,
            alternatives=alternatives,
            effects=effects,
            policy_version=permit.basis.version,
        )


def _check_pair(use: _Use, now: RegisteredKey) -> None:
    """Raise unless the pair that signed is that of the key *now*, or was when the request came."""
    if use.pair is not None and replaced_before(use.pair, now, use.began):
        raise _ReplacedBefore(now)
