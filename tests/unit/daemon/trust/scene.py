"""VerificationService on a real database and audit, called as the dispatcher does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from signetd.api.v1 import verification_service_pb2 as messages
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.config.schema import Seals, Timestamps
from signetd.daemon.policy.types import Role
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.verification_api import VerificationApi
from signetd.daemon.state import Database
from signetd.daemon.trust.book import TrustBook
from signetd.daemon.trust.folders import TrustFolders
from signetd.daemon.trust.threads import VerifyThreads
from signetd.daemon.trust.verifier import Verifier
from tests.unit.daemon.trust.regions import AT


class Scene:
    """The service; `now` is what the clock says."""

    def __init__(
        self,
        database: Database,
        config: Seals,
        name: str = "signetd",
        timestamps: Timestamps | None = None,
    ) -> None:
        self.now = AT
        self.database = database
        self.name = name
        self.ledger = GroupLedger(database.audit(name), clock=self.clock)
        self.book = TrustBook(database.trust_lists, Recorder(self.ledger), self.clock)
        self.folders = TrustFolders(config, timestamps)
        self.threads = VerifyThreads()
        self.verifier = Verifier(
            config, self.folders, self.book, database.seals, self.threads, self.clock
        )
        self.api = VerificationApi(self.verifier, self.book)

    def clock(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**span)

    async def call(self, method: str, who: str = "security", **fields: Any) -> Any:
        """Call a method with the fields of its request."""
        path = f"/signetd.api.v1.VerificationService/{method}"
        calls.begin(Call(path, identity=who, roles=frozenset({Role.SECURITY_ADMIN})))
        request = getattr(messages, f"{method}Request")(**fields)
        name = "".join(f"_{each.lower()}" if each.isupper() else each for each in method)[1:]
        return await getattr(self.api, name)(request)

    async def take(self, name: str, content: bytes, **fields: Any) -> Any:
        """Import a list."""
        fields.setdefault("comment", "from the gazette")
        return await self.call("ImportTrustList", trust_list=name, content=content, **fields)

    def records(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the records of the audit in which fields have these values."""
        bodies = self.database.audit(self.name).bodies(1, None, 10_000)
        found = [msgspec.json.decode(body) for body in bodies]
        return [
            each for each in found if all(each.get(name) == value for name, value in wanted.items())
        ]


@asynccontextmanager
async def opened(
    database: Database,
    config: Seals | None = None,
    name: str = "signetd",
    timestamps: Timestamps | None = None,
) -> AsyncIterator[Scene]:
    """Make the service, and end it."""
    made = Scene(database, config or Seals(), name, timestamps)
    await made.ledger.load("test")
    try:
        yield made
    finally:
        await made.threads.close()
        await made.ledger.close()


def failed(report: Any) -> set[str]:
    """Return the names of the checks that have failed."""
    return {each.name for each in report.checks if each.result == messages.CHECK_RESULT_FAILED}


def results(report: Any) -> dict[str, int]:
    """Return what came out of each check."""
    return {each.name: each.result for each in report.checks}
