"""What the tests of the service share: a configuration, one time stamp, one failure."""

from pathlib import Path
from typing import Any, Final

import pytest

from signetd.daemon.config import Timestamps, TsaUrl
from signetd.daemon.timestamps import TimeStampService
from signetd.drivers.errors import Reason, SignetError
from signetd.pki.timestamp import TimeStampToken

DATA: Final = b"the value of a signature"


def config(folder: Path, *urls: str, **changes: Any) -> Timestamps:
    """Return a configuration with FOLDER/trust; attempts have 30 s, for slow machines."""
    given: dict[str, Any] = {"attempt_timeout": 30.0} | changes
    return Timestamps(urls=tuple(map(TsaUrl.parse, urls)), trust=folder / "trust", **given)


async def stamped(given: Timestamps, deadline: float | None = None) -> TimeStampToken:
    """Get one time stamp from a service of its own."""
    service = TimeStampService(given)
    try:
        stamped = await service.stamp(DATA, deadline)
    finally:
        await service.close()
    assert stamped.token is not None
    assert stamped.failure == ""
    return stamped.token


async def failure(given: Timestamps, deadline: float | None = None) -> SignetError:
    """Return the TIMESTAMP_FAILED that comes of it."""
    with pytest.raises(SignetError) as caught:
        await stamped(given, deadline)
    assert caught.value.reason is Reason.TIMESTAMP_FAILED, caught.value.message
    assert caught.value.retryable
    return caught.value
