"""A daemon that writes no signature down: ``python -m benchmarks.unaudited --config FILE``.

signetd has no switch for that and must not have one. What administrators do is written as ever,
for identities and grants come about with their records.
"""

from collections.abc import Sequence

from signetd.daemon.__main__ import main
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Entry, Kind, Outcome, Written

_write_many = GroupLedger.write_many


async def _write_acts(self: GroupLedger, entries: Sequence[Entry]) -> list[Outcome]:
    if all(entry.event.kind is Kind.USE for entry in entries):
        return [Written(number=1, time=self.tail.time)] * len(entries)
    return await _write_many(self, entries)


if __name__ == "__main__":
    GroupLedger.write_many = _write_acts  # type: ignore[method-assign]  # that is what this is for
    main()
