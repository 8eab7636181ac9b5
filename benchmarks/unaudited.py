"""A daemon that writes no signature down: ``python -m benchmarks.unaudited --config FILE``.

signetd has no switch for that and must not have one. What administrators do is written as ever,
for identities and grants come about with their records.
"""

from signetd.daemon.__main__ import main
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Entry, Kind, Written

_write = GroupLedger.write


async def _write_acts(self: GroupLedger, entry: Entry) -> Written:
    if entry.event.kind is Kind.USE:
        return Written(number=1, time=self.tail.time)
    return await _write(self, entry)


if __name__ == "__main__":
    GroupLedger.write = _write_acts  # type: ignore[method-assign]  # that is what this is for
    main()
