"""The days of the fixtures: all fixed, so that no test expires."""

from datetime import UTC, datetime
from typing import Final


def day(year: int, month: int, number: int, hour: int = 10) -> datetime:
    return datetime(year, month, number, hour, 30, tzinfo=UTC)


LONG_AGO: Final = day(2024, 1, 10)
ISSUED: Final = day(2026, 7, 1)
"""When certificates begin."""
BEFORE_CREATED: Final = day(2026, 8, 1)
CREATED: Final = day(2026, 8, 3)
"""When seals are made; they are valid from then on."""
BEFORE_SIGNED: Final = day(2026, 8, 20)
SIGNED: Final = day(2026, 9, 1)
"""When stamps are made."""
STAMPED: Final = day(2026, 9, 1, 11)
"""What time stamps say."""
AFTER_SIGNED: Final = day(2026, 9, 15)
LISTED: Final = day(2026, 9, 30)
"""thisUpdate of the lists of revoked certificates."""
NOW: Final = day(2026, 10, 1)
"""When everything is verified, if nothing else is said."""
LATER: Final = day(2035, 12, 1)
"""When tokens of ``openssl ts`` are verified: it takes the time from the clock of the host."""
SEAL_END: Final = day(2036, 1, 1)
END: Final = day(2036, 7, 1)
"""When certificates end, and the lists of revoked ones."""
