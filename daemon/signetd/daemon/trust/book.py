"""The trust lists: imported, retired, listed, and held ready for those who judge by them."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from signetd.daemon.approvals import texts
from signetd.daemon.credentials.times import written
from signetd.daemon.trust.parts import Clock, Recorder, Store
from signetd.daemon.trust.refusals import not_found
from signetd.daemon.trust.types import Counts, ImportedList
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3
from signetd.pki import InputError
from signetd.seal import Trust, TrustList, notices

MAX_COMMENT: Final = 500
"""Characters."""
_MOST_READY: Final = 16
"""Lists that are held ready; others are read when they are needed."""
_MOST_COUNTED: Final = 4096
_TOLD: Final = 20
_log = structlog.get_logger("signetd.trust")


class TrustBook:
    """Keeps trust lists. What counts is asked of the database each time, so that what another
    daemon has imported or retired counts here at once; what a list says is read once.
    """

    def __init__(self, store: Store, recorder: Recorder, clock: Clock) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._turn = threading.Lock()
        self._ready: OrderedDict[str, TrustList] = OrderedDict()  # by SM3
        self._counts: OrderedDict[str, Counts] = OrderedDict()

    async def take(self, list_id: str, content: bytes, comment: str, creator: str) -> int:
        """Import a list, or a new version of one; returns the version.

        What is the newest version already stays that version. Raises INPUT_MISSING and
        INPUT_INVALID naming the field, TRUST_UNUSABLE for a retired list, LIMIT_REACHED.
        """
        _check_comment(comment)
        if not content:
            raise SignetError(Reason.INPUT_MISSING, "content is missing; give the trust list.")
        found = await asyncio.to_thread(self._checked, list_id, content)
        given = ImportedList(
            id=list_id,
            version=0,
            retired=False,
            comment=comment,
            content=content,
            sm3=sm3(content).hex(),
            creator=creator,
            create_time=self._clock(),
        )
        added: list[int] = []
        detail = f"sm3={given.sm3} roots={len(found.roots)} makers={_makers(found)}"
        await self._recorder.act(given.name, self._store.add(given, added), detail=detail)
        return added[0]

    async def retire(self, list_id: str) -> None:
        """Stop a list from being used; raises TRUST_LIST_NOT_FOUND."""
        seen = await self.get(list_id)
        await self._recorder.act(seen.name, self._store.retire(list_id), detail=f"sm3={seen.sm3}")

    async def get(self, list_id: str, version: int = 0, *, whole: bool = False) -> ImportedList:
        """Return a version, 0 for the newest; raises TRUST_LIST_NOT_FOUND."""
        found = await asyncio.to_thread(self._store.get, list_id, version, whole=whole)
        if found is None:
            raise not_found(list_id, version)
        return found

    async def newest(self) -> list[ImportedList]:
        """Return all lists by name, each in its newest version and without its content."""
        return await asyncio.to_thread(self._store.newest)

    async def counts(self, *lists: ImportedList) -> Mapping[str, Counts]:
        """Return what is in some lists, by their SM3."""
        # One after the other, each in a thread: the caller's deadline can end it in between.
        return {each.sm3: await asyncio.to_thread(self._count, each) for each in lists}

    def trust(self, list_id: str, at: datetime) -> tuple[Trust, str]:
        """Return whom a list trusts, and the resource name of its newest version; blocks.

        Raises TRUST_LIST_NOT_FOUND; TRUST_UNUSABLE if it is retired, or has run out by *at*.
        """
        seen = self._store.get(list_id)
        if seen is None:
            raise not_found(list_id)
        if seen.retired:
            raise SignetError(
                Reason.TRUST_UNUSABLE,
                f"The trust list {list_id!r} is retired; name another one, or none.",
            )
        found = self._read(seen)
        if found.next_update is not None and not found.is_current(at):
            raise SignetError(
                Reason.TRUST_UNUSABLE,
                f"The trust list {list_id!r} counted until "
                f"{written(found.next_update.astimezone(UTC))}. A security administrator has to "
                "import a newer one.",
            )
        return found.trust(seen.version_name), seen.version_name

    def _checked(self, list_id: str, content: bytes) -> TrustList:
        try:
            found = TrustList.read(content)
        except InputError as error:
            raise SignetError(Reason.INPUT_INVALID, f"content: {error}.") from None
        told = notices(found, self._clock())
        if told:
            _log.warning("trust list needs attention", list=list_id, notices=told[:_TOLD])
        return found

    def _read(self, seen: ImportedList) -> TrustList:
        # One at a time: when a list is new, many ask for it at once.
        with self._turn:
            ready = self._ready.get(seen.sm3)
            if ready is None:
                ready = _parsed(self._store, seen)
                self._counts[seen.sm3] = Counts(roots=len(ready.roots), makers=_makers(ready))
            self._ready[seen.sm3] = ready
            self._ready.move_to_end(seen.sm3)
            _shorten(self._ready, _MOST_READY)
            _shorten(self._counts, _MOST_COUNTED)
            return ready

    def _count(self, seen: ImportedList) -> Counts:
        with self._turn:
            found = self._counts.get(seen.sm3)
        if found is not None:
            return found
        ready = self._read(seen)
        return Counts(roots=len(ready.roots), makers=_makers(ready))


def _parsed(store: Store, seen: ImportedList) -> TrustList:
    whole = store.get(seen.id, seen.version, whole=True)
    if whole is None or sm3(whole.content).hex() != seen.sm3:
        raise SignetError(
            Reason.INTERNAL,
            f"The database's content of {seen.version_name} is not what was imported. Restore a "
            "backup, or import the list again.",
        )
    try:
        return TrustList.read(whole.content)
    except InputError as error:
        raise SignetError(
            Reason.TRUST_UNUSABLE,
            f"{seen.version_name} was imported by another version of signetd, and cannot be read "
            f"by this one: {error}.",
        ) from None


def _shorten(kept: OrderedDict[str, TrustList] | OrderedDict[str, Counts], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _makers(found: TrustList) -> int:
    return len(found.accepted_makers or ())


def _check_comment(comment: str) -> None:
    if not comment.strip():
        raise SignetError(
            Reason.INPUT_MISSING,
            f"comment is missing; say where the list comes from, in 1 to {MAX_COMMENT} characters.",
        )
    texts.check_text(comment, "comment", MAX_COMMENT)
