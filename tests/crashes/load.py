"""Clients that use up what there is, as fast as they can, until they are stopped."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from signetd.client import SignetdError, SignItem, Unavailable
from tests.crashes import goods
from tests.crashes.caller import DEADLINE, Caller
from tests.crashes.daemons import EVERYBODY, GRANTED, CrashingDaemon
from tests.crashes.goods import Approval, Goods
from tests.crashes.manager import Manager
from tests.crashes.record import Asked, Record

_PAUSE: Final = 0.05
_WHILE_DOWN: Final = 0.1
"""Seconds until the next try of a client that nobody answers: it leaves the processor to others."""
_BATCH: Final = 8
_AGAIN: Final = 12
"""Approvals that are tried again and again: the newest, used or not."""
Work = Callable[["_Hands"], None]
Result = tuple[int, bytes] | SignetdError


class Load:
    """Threads on one daemon: signing by each way there is a limit on, and managing."""

    def __init__(self, daemon: CrashingDaemon, record: Record, stock: Goods, seed: int) -> None:
        self._daemon, self._record, self._stock = daemon, record, stock
        self._stop = threading.Event()
        self._random = Random(seed)
        # Two of each kind, since what only one uses at a time cannot be overrun.
        parts: list[tuple[str, Work]] = [
            *[(EVERYBODY, _plain)] * 2,
            *[(EVERYBODY, _capped)] * 2,
            (EVERYBODY, _minute),
            *[(GRANTED, _plain)] * 2,
            *[(EVERYBODY, _approved)] * 2,
            (EVERYBODY, _batch),
        ]
        work: list[Callable[[], None]] = [self._signer(*part) for part in parts]
        work.append(Manager(daemon, stock, record, self._seed()).work_until(self._stop))
        self._threads = [threading.Thread(target=self._run, args=(w,), daemon=True) for w in work]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after the requests under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * DEADLINE)
            if thread.is_alive():
                self._record.add_odd("a request got no answer at all, not even at its deadline")

    def _seed(self) -> int:
        return self._random.randrange(2**32)

    def _signer(self, identity: str, part: Work) -> Callable[[], None]:
        caller = Caller(self._daemon.socket_of(identity))
        random = Random(self._seed())
        hands = _Hands(self._daemon.name, identity, caller, random, self._record, self._stock)

        def work() -> None:
            try:
                while not self._stop.wait(_PAUSE):
                    part(hands)
            finally:
                caller.close()

        return work

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # a thread that dies unseen would look like a quiet client
            self._record.add_odd(f"a client broke: {type(error).__name__}: {error}")
            raise


class _Hands:
    """What one client signs with."""

    def __init__(
        self,
        daemon: str,
        identity: str,
        caller: Caller,
        random: Random,
        record: Record,
        stock: Goods,
    ) -> None:
        self._daemon, self._identity, self._caller = daemon, identity, caller
        self._record = record
        self.random, self.stock = random, stock

    def document(self, key: str) -> SignItem:
        """A document that nobody has signed before."""
        return SignItem(key=key, message=self.random.randbytes(48))

    def sign(self, item: SignItem) -> None:
        """Sign, and remember the answer."""
        try:
            self._take([item], [self._caller.sign(item)])
        except SignetdError as error:
            self._take([item], [error])

    def batch(self, items: list[SignItem]) -> None:
        """Sign a batch, and remember the answers."""
        self._take(items, self._caller.batch(items))

    def _take(self, items: list[SignItem], results: Sequence[Result]) -> None:
        for item, result in zip(items, results, strict=True):
            if isinstance(result, SignetdError):
                self._record.fail(self._asked(item), result)
            else:
                self._record.receive(self._asked(item), *result)
        if isinstance(results[-1], Unavailable):
            time.sleep(_WHILE_DOWN)

    def _asked(self, item: SignItem) -> Asked:
        document = item.message or b""
        return Asked(
            daemon=self._daemon,
            key=item.key,
            identity=self._identity,
            document=document,
            digest=hashlib.sha256(document).hexdigest(),
            approval=item.approval,
        )


def _plain(hands: _Hands) -> None:
    hands.sign(hands.document(goods.PLAIN))


def _minute(hands: _Hands) -> None:
    hands.sign(hands.document(goods.MINUTE))


def _capped(hands: _Hands) -> None:
    if keys := hands.stock.recent_capped():
        hands.sign(hands.document(hands.random.choice(keys)))


def _batch(hands: _Hands) -> None:
    keys = [goods.PLAIN, *hands.stock.recent_capped()]
    hands.batch([hands.document(hands.random.choice(keys)) for _ in range(_BATCH)])


def _approved(hands: _Hands) -> None:
    """Use the newest approvals, as the other client does at the same time."""
    for approval in hands.stock.all_approvals()[-_AGAIN:]:
        hands.sign(approval.item)


def use_up(daemon: CrashingDaemon, record: Record, approvals: list[Approval]) -> None:
    """Try each approval once more: one that a crash left unused must still be good."""
    caller = Caller(daemon.socket_of(EVERYBODY))
    hands = _Hands(daemon.name, EVERYBODY, caller, Random(0), record, Goods())
    for approval in approvals:
        hands.sign(approval.item)
    caller.close()
