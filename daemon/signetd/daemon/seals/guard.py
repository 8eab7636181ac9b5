"""Whether the keys of a seal let it be used; pure."""

from collections.abc import Iterable

from signetd.daemon.keys.types import KeyState
from signetd.daemon.seals.parts import Keys
from signetd.daemon.seals.types import Act, RegisteredSeal, SealEvent
from signetd.drivers.errors import Reason, SignetError


def check_keys(seal: RegisteredSeal, events: Iterable[SealEvent], keys: Keys) -> None:
    """Raise KEY_STATE_WRONG if the seal could not stamp, or a compromised key has a part in it.

    A maker's key may be disabled because its time is over, which makes no seal worse; but not
    after it was said of one of the seal's keys that it is compromised.
    """
    wanted = [seal.signing_key]
    if any(event.act is Act.COMPROMISE for event in events):
        wanted.append(seal.maker_key)
    for key_id in filter(None, wanted):
        key = keys.get(key_id)
        if key.state is not KeyState.ENABLED:
            raise SignetError(
                Reason.KEY_STATE_WRONG,
                f"The key {key_id!r} of the seal {seal.id!r} is {key.state}, so the seal cannot be "
                "used. Enable the key if it can be trusted; else cancel the seal, and apply for "
                "one with another key.",
            )
