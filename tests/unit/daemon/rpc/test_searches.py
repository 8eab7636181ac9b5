"""Searches in the audit leave connections and threads to those who sign."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

from signetd.api.v1 import audit_service_pb2 as messages
from signetd.daemon.rpc.audit_api import AuditApi

REQUEST = messages.ListRecordsRequest()


class SlowStore:
    """Its searches go on until they are let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.under_way = 0
        self.most = 0
        self._lock = threading.Lock()

    def search(self, *_: object) -> list[bytes]:
        with self._lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.go_on.wait(20)
        with self._lock:
            self.under_way -= 1
        return []


async def test_few_run_at_once_also_when_their_callers_go_away() -> None:
    store = SlowStore()
    audit: Any = SimpleNamespace(store=store)
    followers: Any = None
    api = AuditApi(audit, followers)
    gone = [asyncio.create_task(api.list_records(REQUEST)) for _ in range(4)]
    await asyncio.sleep(0.2)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    waiting = [asyncio.create_task(api.list_records(REQUEST)) for _ in range(4)]
    await asyncio.sleep(0.2)
    assert (store.under_way, store.most) == (2, 2)
    store.go_on.set()
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*waiting)
    assert [len(each.records) for each in answers] == [0] * 4
