"""The calls of SealService, as ``client.seals``."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from signetd.api.v1.seal_service_pb2 import Seal, SealEvent, SealStatus
from signetd.client import _seal_operations as operations
from signetd.client import seals
from signetd.client._operations import Operation
from signetd.client.errors import SignetdError
from signetd.client.seals import SealItem, Stamp, StampItem

_Seals = list[Seal]  # in the classes, `list` is a method
_Events = list[SealEvent]
_Names = list[str]
_Stamps = list[Stamp | SignetdError]


class SealCalls:
    """Applies for seals, has them made and filed, stamps with them, and tells of them.

    Names of seals are with or without `seals/`, those of keys with or without `keys/`. Reasons
    have 1 to 500 characters and stay in the seal's history. Every method raises SignetdError.
    """

    def __init__(self, call: Callable[[Operation], Any]) -> None:
        self._call = call

    def apply(self, item: SealItem) -> Seal:
        """Apply for a seal (申请)."""
        operation = operations.apply(item)
        return seals.read_seal(self._call(operation))

    def review(self, name: str, *, accepted: bool, reason: str = "") -> Seal:
        """Accept or reject an application, with a *reason* if rejected; never one's own."""
        operation = operations.review(name, reason, accepted=accepted)
        return seals.read_seal(self._call(operation))

    def make(self, name: str, *, maker_key: str, seal_id: str, approval: str = "") -> Seal:
        """Have a seal made (制章) that was accepted; never by the one who applied.

        *maker_key* is an SM2 key for seal-making, with a certificate. *seal_id* is the seal's code
        (印章编码), 1 to 64 printable ASCII characters. *approval* names an approval of it, where
        the maker's key asks for one.
        """
        operation = operations.make(name, maker_key, seal_id, approval)
        return seals.read_seal(self._call(operation))

    def file(self, name: str, *, filing_number: str, remark: str = "") -> Seal:
        """File a seal that was made (备案): from then on it can be used.

        The answer has the signed record of it, as JSON, in ``filing_record``.
        """
        operation = operations.file(name, filing_number, remark)
        return seals.read_seal(self._call(operation))

    def suspend(self, name: str, *, reason: str) -> Seal:
        """Stop a seal from being used until it is resumed (停用)."""
        operation = operations.suspend(name, reason)
        return seals.read_seal(self._call(operation))

    def resume(self, name: str, *, reason: str) -> Seal:
        """Let a suspended seal be used again (恢复)."""
        operation = operations.resume(name, reason)
        return seals.read_seal(self._call(operation))

    def change(self, name: str, item: SealItem, *, reason: str) -> Seal:
        """Apply for a seal in the place of *name* (变更), which ends when that one is filed."""
        operation = operations.change(name, item, reason)
        return seals.read_seal(self._call(operation))

    def cancel(self, name: str, *, reason: str) -> Seal:
        """End a seal (注销), or withdraw what has not become one yet. Final."""
        operation = operations.cancel(name, reason)
        return seals.read_seal(self._call(operation))

    def import_(
        self,
        name: str,
        der: bytes,
        *,
        kind: str,
        owner: str,
        code: str,
        key: str = "",
        trust_list: str = "",
    ) -> Seal:
        """Take in a seal (SESeal, DER) that was made elsewhere; it must be filed before it is used.

        *kind*, *owner* and *code* are as in SealItem. *key* is the one here that stamps with it, ""
        if none does. *trust_list* is the one that its maker must be in, "" for the daemon's
        configuration.
        """
        operation = operations.import_(name, der, kind, owner, code, key, trust_list)
        return seals.read_seal(self._call(operation))

    def report_key_compromise(self, key: str, *, reason: str) -> _Names:
        """Have all seals suspended that are of a key or were made with it, and the key disabled.

        Returns the resource names of the seals that were suspended by this.
        """
        operation = operations.report_key_compromise(key, reason)
        reply = self._call(operation)
        return _Names(reply.suspended)

    def list(self, states: Iterable[str] = (), *, code: str = "") -> _Seals:
        """List the seals that we see by name, without their pictures.

        *states* are such as "in-use", *code* is the unified social credit code of their owner.
        """
        found: _Seals = []
        wanted, page = tuple(states), ""
        while True:
            reply = self._call(operations.list_(wanted, code, page))
            found += reply.seals
            page = reply.next_page_token
            if not page:
                return found

    def get(self, name: str) -> Seal:
        """Return a seal, with its picture, its data and the record of its filing."""
        operation = operations.get(name)
        return seals.read_seal(self._call(operation))

    def events(self, name: str) -> _Events:
        """Return what happened to a seal, the oldest first."""
        operation = operations.events(name)
        reply = self._call(operation)
        return _Events(reply.events)

    def status(
        self,
        name: str = "",
        *,
        seal_id: str = "",
        sm3: str = "",
        time: datetime | None = None,
    ) -> SealStatus:
        """Tell whether a seal was good at a *time*, which has a zone; now if None.

        It is named by exactly one of *name*, *seal_id* (印章编码) and *sm3* of its data, hex.
        """
        operation = operations.status(name, seal_id, sm3, time)
        return self._call(operation)  # type: ignore[no-any-return]

    def stamp(self, item: StampItem) -> Stamp:
        """Apply a seal to a document (签章)."""
        operation = operations.stamp(item)
        return seals.read_stamp(self._call(operation))

    def stamp_batch(self, items: Sequence[StampItem]) -> _Stamps:
        """Apply seals to up to 1,000 documents; each has a result of its own, in order.

        A reply has 24 MiB at most: items beyond that have the reason BATCH_TOO_LARGE, and were
        not stamped.
        """
        operation = operations.stamp_batch(items)
        return seals.read_stamps(self._call(operation), len(items))
