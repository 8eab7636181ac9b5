"""Exports: the records of a chain as JSON Lines, for those who verify them without the daemon.

The format is described in docs/audit.md, and read by `signetd.audit`, which shares no code with
this.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from signetd.daemon.audit import chain
from signetd.daemon.audit.checkpoints import Checkpoints
from signetd.daemon.audit.group import Clock, utc_now
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.signer import AuditKey
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError
from signetd.gm import sm3

FORMAT: Final = "signetd-audit-1"
PIECE: Final = 64 * 1024
"""Bytes that are handed on at once, at most."""
_PAGE: Final = 200


class Exporter:
    """Makes exports; *shared* says that other daemons use the same keys and count them too."""

    def __init__(
        self,
        ledger: GroupLedger,
        store: AuditStore,
        checkpoints: Checkpoints,
        *,
        shared: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        self._ledger, self._store, self._checkpoints = ledger, store, checkpoints
        self._shared, self._clock = shared, clock

    async def export(self, first: int = 0) -> AsyncGenerator[bytes]:
        """Yield the pieces of an export from the record *first* on (0: the first there is).

        It holds what is written when it begins, and a checkpoint of that; records come on
        meanwhile. Who takes all pieces has taken the export, which may be pruned then. Raises
        AUDIT_RANGE_WRONG, and what signing raises. Without a key nothing is signed.
        """
        key = self._checkpoints.signer.key()
        if key is not None:
            await self._checkpoints.make()
        last = self._ledger.tail
        start, anchor = await asyncio.to_thread(self._start, first, last.number)
        digest = sm3.new()
        for piece in _pieces(self._header(start, anchor, digest)):
            yield piece
        for number in range(start, last.number + 1, _PAGE):
            end = min(number + _PAGE - 1, last.number)
            for piece in _pieces(await asyncio.to_thread(self._page, number, end, digest)):
                yield piece
        yield await self._end(start, last, digest, key)
        await asyncio.to_thread(self._store.set_exported, start, last.number)

    def _start(self, first: int, last: int) -> tuple[int, str]:
        """Return the first number and the hash before it."""
        facts = self._store.facts()
        start = first or facts.first
        if not facts.first <= start <= last:
            raise _out_of_range(f"first is {first}", facts.first, last)
        if start == facts.first:
            return start, facts.anchor
        before = self._store.body(start - 1)
        if before is None:
            raise _pruned(start - 1)
        return start, chain.hash_of(before)

    def _header(self, first: int, anchor: str, digest: sm3.Sm3Hash) -> bytes:
        header = chain.encode(
            {
                "type": "header",
                "format": FORMAT,
                "chain": self._store.chain,
                "first": first,
                "anchor": anchor,
                "shared": self._shared,
                "time": chain.write_time(self._clock()),
            }
        )
        digest.update(header + b"\n")
        return header + b"\n"

    def _page(self, first: int, last: int, digest: sm3.Sm3Hash) -> bytes:
        bodies = self._store.bodies(first, last, _PAGE)
        if len(bodies) != last - first + 1:
            raise _pruned(first)
        lines = b"\n".join([*bodies, b""])
        digest.update(lines)
        return lines

    async def _end(
        self, first: int, last: chain.Place, digest: sm3.Sm3Hash, key: AuditKey | None
    ) -> bytes:
        end: dict[str, str | int | bool] = {
            "type": "end",
            "chain": self._store.chain,
            "first": first,
            "last": last.number,
            "last_hash": last.hash,
            "file_digest": digest.digest().hex(),
        }
        if key is not None:
            end |= {
                "time": chain.write_time(self._clock()),
                "key": key.fingerprint,
                "key_spki": key.spki_text,
                "algorithm": key.algorithm,
            }
            signature = await self._checkpoints.signer.sign(key, chain.encode(end))
            end["signature"] = signature.hex()
        return chain.encode(end) + b"\n"


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def _out_of_range(what: str, first: int, last: int) -> SignetError:
    return SignetError(
        Reason.AUDIT_RANGE_WRONG,
        f"{what}, but the audit has the records {first} to {last}. Choose one of these.",
        metadata={"first": str(first), "last": str(last)},
    )


def _pruned(number: int) -> SignetError:
    return SignetError(
        Reason.AUDIT_RANGE_WRONG,
        f"The record {number} was removed while it was exported. Begin the export again.",
    )
