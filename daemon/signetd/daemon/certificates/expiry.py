"""How long a key's certificate is still valid, and when somebody should know; pure."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.pki import Certificate, InputError

DAYS: Final = (1, 7, 30)
"""So many days before the end there are warnings, each one more urgent."""
EXPIRED: Final = 0
_CACHED: Final = 4096


@lru_cache(maxsize=_CACHED)
def read(der: bytes) -> Certificate | None:
    """Return a certificate that is kept; None if it cannot be read."""
    try:
        return Certificate.read(der)
    except InputError:
        return None


def own(key: RegisteredKey) -> Certificate | None:
    """Return the certificate of the pair that signs; None if it has none."""
    return read(key.certificates[0]) if key.certificates else None


def stage(certificate: Certificate, now: datetime) -> int | None:
    """Return how near the end is: EXPIRED, one of DAYS, or None while there is time.

    *now* has a time zone. A certificate is valid until and with its last second (RFC 5280,
    4.1.2.5).
    """
    left = certificate.not_after - now
    if left < timedelta():
        return EXPIRED
    return next((days for days in DAYS if left <= timedelta(days=days)), None)


def warnings(key: RegisteredKey, now: datetime) -> list[str]:
    """Return what somebody should know of a key's certificate, in sentences; none if all is well.

    Nothing is said of a key that is destroyed.
    """
    if not key.certificates or key.state is KeyState.DESTROYED:
        return []
    certificate = own(key)
    if certificate is None:
        return ["Its certificate cannot be read; import it again."]
    if now < certificate.not_before:
        return [f"Its certificate is not valid before {text(certificate.not_before)}."]
    match stage(certificate, now):
        case None:
            return []
        case 0:
            end = text(certificate.not_after)
            return [f"Its certificate expired at {end}; import a new one."]
    return [
        f"Its certificate expires in {days_left(certificate, now)}, at "
        f"{text(certificate.not_after)}; have a new one issued."
    ]


def days_left(certificate: Certificate, now: datetime) -> str:
    """Write how many whole days are left."""
    days = (certificate.not_after - now).days
    if days == 0:
        return "less than a day"
    return f"{days} day{'s' if days != 1 else ''}"


def text(moment: datetime) -> str:
    """Write a time in UTC, ISO 8601 with seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
