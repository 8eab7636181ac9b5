"""What this daemon knows of a seal that is judged: its status at a time."""

from datetime import datetime
from typing import Final

from signetd.daemon.seals.status import status_at
from signetd.daemon.seals.types import SealState
from signetd.daemon.trust.parts import Seals
from signetd.gm.sm3 import sm3
from signetd.seal import SealStatus, Standing

_STANDINGS: Final = {
    SealState.IN_USE: Standing.GOOD,
    SealState.SUSPENDED: Standing.SUSPENDED,
    SealState.CANCELLED: Standing.CANCELLED,
}
"""Before a seal is filed (备案), nobody is to rely on it: the register does not have it yet."""


def status_of(seals: Seals, der: bytes, time: datetime, now: datetime) -> SealStatus | None:
    """Return the status of a seal (SESeal, DER) at *time*, None if it is not known here; blocks.

    For a time to come it is the status of *now*.
    """
    found = seals.find(sm3=sm3(der).hex())
    if found is None:
        return None
    status = status_at(found, seals.events(found.id), min(time, now), now)
    standing = Standing.UNKNOWN
    if status.state is not None:
        standing = _STANDINGS.get(status.state, Standing.UNKNOWN)
    return SealStatus(standing=standing, since=status.since)
