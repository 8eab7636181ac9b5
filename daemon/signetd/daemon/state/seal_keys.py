"""Which seals a key stamps with, so that it is not destroyed under them."""

from typing import Final

from sqlalchemy import Connection, func, select

from signetd.daemon.seals.types import SealState
from signetd.daemon.state.seal_tables import SEALS
from signetd.drivers.errors import Reason, SignetError

_LIVE: Final = (str(SealState.IN_USE), str(SealState.SUSPENDED))
"""What can stamp, or can be resumed and stamp again."""
_SHOWN: Final = 10


def check_unused(connection: Connection, key: str) -> None:
    """Raise KEY_STATE_WRONG if seals in use or suspended are stamped with by a key; bare name."""
    of_key = (SEALS.c.signing_key == key, SEALS.c.state.in_(_LIVE))
    count = connection.scalar(select(func.count()).select_from(SEALS).where(*of_key)) or 0
    if not count:
        return
    first = select(SEALS.c.id).where(*of_key).order_by(SEALS.c.id).limit(_SHOWN)
    names = ", ".join(f"seals/{name}" for name in connection.scalars(first))
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    raise SignetError(
        Reason.KEY_STATE_WRONG,
        f"The key {key!r} cannot be destroyed: it is that of {count} "
        f"seal{'s' if count > 1 else ''} in use or suspended: {names}{more}. Cancel them, or have "
        "them changed to another key; until then leave the key disabled.",
        metadata={"seals": str(count)},
    )
