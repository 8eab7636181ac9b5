"""An administrator who goes on making keys, grants and approvals while daemons are killed."""

import threading
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

import grpc
from grpc import StatusCode

from signetd.client import Client, SignetdError, SignItem, errors
from tests.crashes import daemons, goods
from tests.crashes.goods import Approval, Goods
from tests.crashes.record import Record

_PAUSE: Final = 0.2
_SELDOM: Final = 10
"""Rounds of which one makes a key and a grant: each is to be used up before the next comes."""
_PASSING: Final = frozenset(
    {StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.DEADLINE_EXCEEDED}
)
"""What a crash can be to blame for; also SoftHSM, to which two daemons write, with TOKEN_FAILED."""


class Manager:
    """What it makes is offered only when the daemon has said that it is done."""

    def __init__(
        self, daemon: daemons.CrashingDaemon, stock: Goods, record: Record, seed: int
    ) -> None:
        self._daemon, self._stock, self._record = daemon, stock, record
        self._random = Random(seed)
        self._made = self._round = 0

    def work_until(self, stop: threading.Event) -> Callable[[], None]:
        """Return what makes things until *stop*."""

        def work() -> None:
            while not stop.wait(_PAUSE):
                self._round += 1
                self._try(self._make_approval)
                if self._round % _SELDOM == 1:
                    self._try(self._make_key)
                    self._try(self._make_grant)

        return work

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except grpc.RpcError as error:
            self._take(errors.from_rpc(error, self._daemon.endpoint))
        except SignetdError as error:
            self._take(error)

    def _make_key(self) -> None:
        self._made += 1
        name = f"capped-{self._daemon.name}-{self._made}"
        with grpc.insecure_channel(self._daemon.endpoint) as channel:
            daemons.make_key(channel, name, in_all=goods.CAPPED_USES)
        self._stock.add_capped(name)

    def _make_grant(self) -> None:
        with self._client(daemons.EVERYBODY) as client:
            made = client.create_grant(daemons.limited_grant())
        self._stock.add_grant(made.name)

    def _make_approval(self) -> None:
        item = SignItem(key=goods.APPROVED, message=self._random.randbytes(48))
        with self._client(daemons.EVERYBODY) as client:
            asked = client.request_approval(item, summary="a document")
        with self._client(daemons.APPROVER) as client:
            client.approve_approval(asked.name, asked.digest)
        self._stock.add_approval(Approval(asked.name, replace(item, approval=asked.name)))

    def _client(self, identity: str) -> Client:
        return self._daemon.client_of(identity, timeout=5.0)

    def _take(self, error: SignetdError) -> None:
        self._record.fail_act(error)
        if error.code not in _PASSING:
            self._record.add_odd(f"an administrator was refused: {error.reason}: {error}")
