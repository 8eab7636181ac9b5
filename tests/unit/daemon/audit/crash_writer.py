"""Writes into an audit until it is killed; prints the number of every record that is written."""

import asyncio
import sys
from pathlib import Path

from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.state import open_database
from tests.unit.daemon.audit.conftest import CHAIN, entry


async def write(folder: Path) -> None:
    ledger = GroupLedger(open_database(folder).audit(CHAIN))
    await ledger.load("signetd test")

    async def one() -> None:
        while True:
            written = await ledger.write(entry())
            sys.stdout.write(f"{written.number}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one() for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
