"""Seals are suspended (停用), resumed (恢复) and cancelled (注销), and their keys reported."""

import asyncio
from collections.abc import Sequence
from typing import Final

from signetd.daemon.policy.types import Asker, Role
from signetd.daemon.seals import checks, life
from signetd.daemon.seals.guard import check_keys
from signetd.daemon.seals.parts import Keys, Policy, Recorder, Step, Store
from signetd.daemon.seals.settling import settled
from signetd.daemon.seals.types import Act, RegisteredSeal, SealEvent
from signetd.daemon.seals.view import SealView
from signetd.drivers.errors import Reason, SignetError

MAX_EVENTS: Final = 1000
"""Entries in the history of a seal after which it is not resumed any more: it is read whole."""


class SealKeeper:
    """Changes seals that are there, each with a reason that is kept."""

    def __init__(
        self, store: Store, view: SealView, policy: Policy, keys: Keys, recorder: Recorder
    ) -> None:
        self._store = store
        self._view = view
        self._policy = policy
        self._keys = keys
        self._recorder = recorder

    async def suspend(self, seal: str, reason: str, asker: Asker) -> None:
        """Stop a seal from being used; raises SEAL_NOT_FOUND, SEAL_STATE_WRONG, INPUT_INVALID."""
        seen = await self._seen(seal, Act.SUSPEND, reason, asker)
        await self._carry_out(seen, Act.SUSPEND, reason, asker)

    async def resume(self, seal: str, reason: str, asker: Asker) -> None:
        """Let a seal be used again.

        Raises as `suspend`; KEY_STATE_WRONG while its key does not sign, or after a report of
        compromise the key of its maker; LIMIT_REACHED.
        """

        async def attempt(version: int) -> None:
            seen = await self._seen(seal, Act.RESUME, reason, asker, whole=True)
            events = await asyncio.to_thread(self._store.events, seen.id)
            _check_length(seen, events)
            check_keys(seen, events, self._keys)
            await self._carry_out(seen, Act.RESUME, reason, asker, version)

        await settled(self._policy, attempt)

    async def cancel(self, seal: str, reason: str, asker: Asker) -> None:
        """End a seal, or withdraw an application; raises as `suspend`, and PERMISSION_DENIED."""
        seen = await self._view.get(asker, seal)
        _check_may_cancel(seen, asker)
        seen = await self._seen(seal, Act.CANCEL, reason, asker)
        await self._carry_out(seen, Act.CANCEL, reason, asker)

    async def report_compromise(self, key: str, reason: str, asker: Asker) -> list[str]:
        """Suspend all seals in use that a key stamps with or has made, and disable the key.

        Returns their names. Raises KEY_NOT_FOUND, INPUT_MISSING, INPUT_INVALID.
        """
        checks.check_reason(reason)
        await self._policy.refresh()
        self._keys.get(key)
        suspended: list[str] = []
        effect = self._store.compromise(key, asker.identity, reason, suspended)
        await self._recorder.act(f"keys/{key}", effect, detail="compromised")
        await self._policy.refresh()
        return suspended

    async def _seen(
        self, seal: str, act: Act, reason: str, asker: Asker, *, whole: bool = False
    ) -> RegisteredSeal:
        seen = await self._view.get(asker, seal, whole=whole)
        checks.check_reason(reason)
        life.after(seen.id, seen.state, act)
        return seen

    async def _carry_out(
        self, seen: RegisteredSeal, act: Act, reason: str, asker: Asker, version: int = 0
    ) -> None:
        step = Step(act=act, identity=asker.identity, reason=reason)
        await self._recorder.act(
            seen.name,
            self._store.move(seen, step),
            detail=f"{act} {seen.seal_id}".strip(),
            policy_version=version,
        )


def _check_may_cancel(seal: RegisteredSeal, asker: Asker) -> None:
    if Role.SECURITY_ADMIN in asker.roles:
        return
    if seal.applicant != asker.identity:
        raise SignetError(
            Reason.PERMISSION_DENIED,
            f"The identity {asker.identity!r} has not applied for the seal {seal.id!r}: the one "
            "who has can withdraw it before it is made, and a security administrator cancel it.",
        )
    if seal.state not in life.UNMADE | life.FINAL:
        raise SignetError(
            Reason.PERMISSION_DENIED,
            f"The seal {seal.id!r} is made: {asker.identity!r} cannot withdraw the application any "
            "more; a security administrator can cancel the seal.",
        )


def _check_length(seal: RegisteredSeal, events: Sequence[SealEvent]) -> None:
    if len(events) >= MAX_EVENTS:
        raise SignetError(
            Reason.LIMIT_REACHED,
            f"The history of the seal {seal.id!r} has {len(events)} entries, and it is not resumed "
            f"after {MAX_EVENTS}; cancel it, and apply for another one.",
        )
