"""AccessService on a real database; its methods are called as the dispatcher does."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Engine

from signetd.daemon.audit.types import Effect
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.types import Identity
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.access_api import AccessApi
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.state.access import AccessStore
from signetd.daemon.state.usage import UsageStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.ledgers import MemoryLedger


class Keys:
    """The registered keys, set by hand."""

    def __init__(self) -> None:
        self.all: dict[str, RegisteredKey] = {}

    def get(self, key_id: str) -> RegisteredKey:
        if key_id not in self.all:
            raise SignetError(Reason.KEY_NOT_FOUND, "There is no such key.")
        return self.all[key_id]


class Administrators:
    """Remembers who was to become an administrator, and gives its effects for it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Identity, str]] = []
        self.effects: tuple[Effect, ...] = ()

    def reserve(self, approval: str, user: str) -> AbstractContextManager[None]:
        return nullcontext()

    async def consume_for_administrator(
        self, identity: Identity, approval: str, user: str
    ) -> tuple[Effect, ...]:
        self.asked.append((identity, approval))
        return self.effects


class Service:
    """The API, and all that it works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.book = PolicyBook(AccessStore(engine))
        self.keys = Keys()
        self.ledger = MemoryLedger(engine)
        self.administrators = Administrators()
        self.api = AccessApi(
            self.book,
            self.keys,
            Recorder(self.ledger),
            UsageStore(engine),
            ["root", "local.socket"],
            self.administrators,
        )

    async def ask(self, method: str, request: Any, caller: str = "root") -> Any:
        """Call a method, named as in the contract, as *caller*."""
        call = Call(f"/signetd.api.v1.AccessService/{method}", identity=caller)
        calls.begin(call)
        name = "".join(f"_{each.lower()}" if each.isupper() else each for each in method)[1:]
        before = len(self.ledger.entries)
        answer = await getattr(self.api, name)(request)
        assert call.recorded is (len(self.ledger.entries) > before)
        return answer

    def last(self) -> tuple[str, str, str, str]:
        """Who did what with what, by the last record, and its detail."""
        event = self.ledger.entries[-1].event
        return event.identity, event.operation, event.resource, event.detail
