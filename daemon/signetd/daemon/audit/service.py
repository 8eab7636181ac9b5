"""The audit of a daemon: all of its parts, started and stopped in the right order."""

from collections.abc import Callable

from signetd.daemon.audit.checkpoints import RECORDS, SECONDS, Checkpoints
from signetd.daemon.audit.export import Exporter
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.pruning import Pruner
from signetd.daemon.audit.signer import Signer
from signetd.daemon.state.audit import AuditStore


class Audit:
    """The ledger of a chain with its checkpoints, exports and pruning.

    *records* and *seconds* say how often checkpoints are made; *shared* that several daemons use
    this database. ``on_failure`` is told why nothing can be written, and "" when that is over.
    """

    def __init__(
        self,
        store: AuditStore,
        signer: Signer,
        *,
        records: int = RECORDS,
        seconds: float = SECONDS,
        shared: bool = False,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        self.store = store
        self.ledger = GroupLedger(store, on_change=on_failure)
        self.checkpoints = Checkpoints(
            self.ledger,
            store,
            signer,
            records=records,
            seconds=seconds,
        )
        self.exporter = Exporter(self.ledger, store, self.checkpoints, shared=shared)
        self.pruner = Pruner(self.ledger, store, self.checkpoints)

    async def load(self, version: str) -> None:
        """Check the chain and go on with it; see GroupLedger.load. Before anything is served."""
        await self.ledger.load(version)
        self.pruner.start()

    async def start(self) -> None:
        """Make checkpoints from now on; once keys and tokens are there to sign them."""
        await self.checkpoints.start()

    async def close(self) -> None:
        """Write what waits, and end; once nothing is served any more."""
        await self.checkpoints.close()
        await self.pruner.close()
        await self.ledger.close()
