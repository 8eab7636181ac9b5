"""Makes changes of who may do what, each in a transaction of its own as the ledger does."""

from datetime import UTC, datetime

from sqlalchemy import Engine, insert

from signetd.daemon.approvals.types import ApprovalState
from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.state.access import AccessStore
from signetd.daemon.state.access_tables import APPROVALS

MOMENT = datetime(2026, 11, 25, 13, 45, tzinfo=UTC)


class Changes:
    """What was changed, and what counts now."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = AccessStore(engine)

    def make(self, *effects: Effect, moment: datetime = MOMENT) -> Snapshot:
        """Make the changes, all or none, and return what counts then."""
        with self.engine.begin() as connection:
            for effect in effects:
                effect(connection, moment)
        return self.store.snapshot()

    def ask_approval(self, state: ApprovalState, rules: str, expires: datetime) -> None:
        """Write an approval whose rules are in JSON."""
        row = {
            "id": "a1",
            "state": str(state),
            "requester": "app",
            "operation": "sign",
            "resource": "keys/seal",
            "algorithm": "SM2_SM3",
            "digest": b"",
            "summary": "",
            "rules": rules,
            "create_time": MOMENT,
            "expire_time": expires,
            "update_time": MOMENT,
        }
        with self.engine.begin() as connection:
            connection.execute(insert(APPROVALS).values(row))
