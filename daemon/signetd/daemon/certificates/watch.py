"""Says in the log that certificates are about to expire: at each stage, and then once a day."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

import structlog

from signetd.daemon.certificates import expiry
from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.pki import Certificate

SOON: Final = "certificate expires soon"
EXPIRED: Final = "certificate has expired"
"""Events of the log; others may watch for them, so they stay."""
_PERIOD_SECONDS: Final = 600.0
_AGAIN: Final = timedelta(days=1)
_log = structlog.get_logger("signetd.certificates")


class Keys(Protocol):
    """The registered keys."""

    def all(self) -> Iterable[RegisteredKey]:
        """Return every key."""
        ...


class _Told(NamedTuple):
    fingerprint: str
    stage: int
    time: datetime


class ExpiryWatch:
    """Looks at the certificates of all keys again and again; one per daemon."""

    def __init__(self, keys: Keys, now: Callable[[], datetime]) -> None:
        self._keys = keys
        self._now = now
        self._told: dict[str, _Told] = {}

    async def run(self) -> None:
        """Look every ten minutes, until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_PERIOD_SECONDS)

    def look(self) -> None:
        """Log what is due now."""
        now, told = self._now(), self._told
        self._told = {}
        for key in self._keys.all():
            certificate = None if key.state is KeyState.DESTROYED else expiry.own(key)
            stage = None if certificate is None else expiry.stage(certificate, now)
            if certificate is None or stage is None:
                continue
            before = told.get(key.id)
            if before is not None and _is_told(before, certificate, stage, now):
                self._told[key.id] = before
            else:
                _tell(key, certificate, stage, now)
                self._told[key.id] = _Told(certificate.fingerprint, stage, now)


def _is_told(before: _Told, certificate: Certificate, stage: int, now: datetime) -> bool:
    same = (before.fingerprint, before.stage) == (certificate.fingerprint, stage)
    return same and now - before.time < _AGAIN


def _tell(key: RegisteredKey, certificate: Certificate, stage: int, now: datetime) -> None:
    is_over = stage == expiry.EXPIRED
    _log.warning(
        EXPIRED if is_over else SOON,
        key=key.id,
        subject=certificate.name,
        not_after=expiry.text(certificate.not_after),
        days=0 if is_over else (certificate.not_after - now).days,
        fingerprint=certificate.fingerprint,
        detail="have a new certificate issued and import it: signetctl key csr, signetctl key "
        "import-certificate",
    )
