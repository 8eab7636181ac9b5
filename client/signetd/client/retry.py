"""When a failed call is tried again: only where the daemon says so, and seldom."""

import random
from collections.abc import Iterator
from typing import Final

from signetd.client.errors import SignetdError

_DELAYS: Final = (0.1, 0.4)
_LONGEST: Final = 1.0


def delays() -> Iterator[float]:
    """Seconds to wait before each further try, with jitter; two tries more, then no more."""
    return (delay * random.uniform(0.5, 1.5) for delay in _DELAYS)  # noqa: S311  # no secret


def redials() -> Iterator[float]:
    """Seconds to wait before each further connection, ever longer ones; without an end."""
    delay = _DELAYS[0]
    while True:
        yield delay * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
        delay = min(2 * delay, _LONGEST)


def wait_before_retry(error: SignetdError, waits: Iterator[float], left: float) -> float:
    """Return the seconds to wait: not less than the daemon asks for, nor than our own delay.

    Raises *error* when it is not to be tried again, or when too little of the *left* seconds
    would be left.
    """
    wait = next(waits, None)
    if not error.retryable or wait is None:
        raise error
    if error.retry_after:
        # Upwards only, so that many clients that were refused together do not come back together.
        wait = max(wait, error.retry_after * random.uniform(1.0, 1.5))  # noqa: S311  # no secret
    if wait >= left:
        raise error
    return wait
