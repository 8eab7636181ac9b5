"""Who sees which seals, and what is shown of them."""

import asyncio
from collections.abc import Collection
from datetime import datetime

import msgspec

from signetd.daemon.keys import checks
from signetd.daemon.policy.types import ADMINISTRATORS, Asker
from signetd.daemon.seals.parts import Clock, Gate, Keys, Store
from signetd.daemon.seals.status import status_at
from signetd.daemon.seals.types import RegisteredSeal, SealEvent, SealState, SealStatus
from signetd.drivers.errors import Reason, SignetError


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """Which seal is asked about: by exactly one of name (bare), code, or SM3 of its data."""

    name: str = ""
    seal_id: str = ""
    sm3: str = ""


class SealView:
    """Shows seals: to administrators all, to signers those that are theirs in some way.

    Theirs are those that they have applied for, and those whose key they may read. With
    *published*, everybody is told the status of every seal.
    """

    def __init__(
        self, store: Store, keys: Keys, gate: Gate, clock: Clock, *, published: bool = False
    ) -> None:
        self._store = store
        self._keys = keys
        self._gate = gate
        self._clock = clock
        self._published = published

    async def get(self, asker: Asker, seal: str, *, whole: bool = False) -> RegisteredSeal:
        """Return a seal; without picture, data and record of filing if not *whole*.

        Raises PERMISSION_DENIED, in the same words whether there is such a seal or not, and
        SEAL_NOT_FOUND to those who may know.
        """
        found = await asyncio.to_thread(self._store.get, seal, whole=whole)
        return self._shown(asker, found, repr(seal[:80]))

    async def page(
        self,
        asker: Asker,
        page_size: int,
        page_token: str,
        states: Collection[SealState] = (),
        code: str = "",
    ) -> tuple[list[RegisteredSeal], str]:
        """Return a page of what *asker* sees, by name, and the token of the next.

        A page may be short, even empty, and not be the last: that is the one with the token "".
        ``page_size`` is 1 to 1,000, or 0 for 100. Raises INPUT_INVALID.
        """
        size, after = checks.check_page_size(page_size), checks.read_page_token(page_token)
        found, following = await asyncio.to_thread(
            self._store.page, after, size, states, code, lambda seal: self.sees(asker, seal)
        )
        return found, checks.page_token_after(following) if following else ""

    async def events(self, asker: Asker, seal: str) -> list[SealEvent]:
        """Return what happened to a seal, the oldest first; raises as `get`."""
        await self.get(asker, seal)
        return await asyncio.to_thread(self._store.events, seal)

    async def status(self, asker: Asker, which: Which, time: datetime | None) -> SealStatus:
        """Return the status of a seal at *time*, None for now; raises as `get`, INPUT_INVALID.

        Where it is published, those who do not see the seal are not told the reasons that people
        gave, nor that there is an application which has not become a seal.
        """
        found = await asyncio.to_thread(self._find, which)
        sees = found is not None and self.sees(asker, found)
        if self._published and found is not None and not (sees or found.sm3):
            found = None
        what = repr((which.name or which.seal_id or which.sm3)[:80])
        if found is None or not self._published:
            found = self._shown(asker, found, what, published=self._published)
        now = self._clock()
        events = await asyncio.to_thread(self._store.events, found.id)
        return status_at(found, events, now if time is None else time, now, words=sees)

    def sees(self, asker: Asker, seal: RegisteredSeal) -> bool:
        """Whether *asker* sees the seal."""
        if asker.roles & ADMINISTRATORS or seal.applicant == asker.identity:
            return True
        try:
            key = self._keys.get(seal.signing_key)
        except SignetError:
            return False
        return self._gate.sees(asker, key)

    def _find(self, which: Which) -> RegisteredSeal | None:
        if which.name:
            return self._store.get(which.name, whole=False)
        return self._store.find(seal_id=which.seal_id, sm3=which.sm3)

    def _shown(
        self, asker: Asker, found: RegisteredSeal | None, what: str, *, published: bool = False
    ) -> RegisteredSeal:
        if found is None and (published or asker.roles & ADMINISTRATORS):
            raise SignetError(
                Reason.SEAL_NOT_FOUND,
                f"There is no seal {what}. List the seals to see their names.",
            )
        if found is None or not self.sees(asker, found):
            raise SignetError(
                Reason.PERMISSION_DENIED,
                f"The identity {asker.identity[:255]!r} may not see a seal {what}: signers see "
                "those that they have applied for, and those with a key that they may read.",
            )
        return found
