"""Tells those who watch approvals of what is open and of every change that they may see."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Final

from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.rules import OPEN
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.types import Approval
from signetd.daemon.rpc.feed import Feed, Feeds

_PAGE: Final = 100


class _Watcher(Feed[Approval]):
    """One who watches, and the changes that wait to be read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class ApprovalWatchers:
    """Passes changes on to at most *limit* watchers, shared between those who call."""

    def __init__(self, approvals: Approvals, changes: Changes, limit: int) -> None:
        self._approvals = approvals
        self._watchers: Feeds[_Watcher] = Feeds(limit, "watches of approvals")
        changes.listen(self._publish)

    async def watch(self, viewer: str) -> AsyncGenerator[Approval]:
        """Yield what is open and *viewer* may see, then every change; ends only with an error.

        Raises OVERLOADED when there are too many watchers, or this one reads too slowly, and
        SHUTTING_DOWN.
        """
        self._watchers.check(viewer)
        with self._watchers.entered(viewer, _Watcher(viewer)) as watcher:
            told: dict[str, tuple[datetime, int, bool]] = {}
            async with aclosing(self._open(viewer)) as open_ones:
                async for approval in open_ones:
                    watcher.check()
                    told[approval.id] = _age(approval)
                    yield approval
            # What changed while the open ones were read may have been read in its new state.
            for approval in watcher.waiting():
                if approval.id not in told or _age(approval) > told[approval.id]:
                    yield approval
            del told
            while True:
                yield await watcher.next()

    def close(self) -> None:
        """End all watches, and let nobody in any more: the daemon stops."""
        self._watchers.close()

    def _publish(self, approval: Approval) -> None:
        for watcher in self._watchers:
            if self._approvals.may_see(watcher.name, approval):
                watcher.tell(approval)

    async def _open(self, viewer: str) -> AsyncGenerator[Approval]:
        token = ""
        while True:
            page, token = await self._approvals.page(viewer, _PAGE, token, OPEN)
            for approval in page:
                yield approval
            if not token:
                return


def _age(approval: Approval) -> tuple[datetime, int, bool]:
    # Changes of one moment: a vote adds one, and what is final comes last.
    return approval.update_time, len(approval.votes), approval.state not in OPEN
