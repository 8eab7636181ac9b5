"""Whether the keys of a seal let it be used; pure."""

from collections.abc import Iterable

from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.daemon.seals.parts import Keys
from signetd.daemon.seals.types import Act, RegisteredSeal, SealEvent
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate, InputError
from signetd.seal import parse_seal


def check_keys(seal: RegisteredSeal, events: Iterable[SealEvent], keys: Keys) -> None:
    """Raise KEY_STATE_WRONG if the seal could not stamp, or a compromised key has a part in it.

    A maker's key may be disabled because its time is over, which makes no seal worse; but not
    after it was said of one of the seal's keys that it is compromised. From then on the keys must
    also be the very pairs that were in use: another pair of the same name proves nothing about
    them. *seal* is whole.
    """
    compromised = any(event.act is Act.COMPROMISE for event in events)
    if seal.signing_key:
        key = _enabled(seal, keys.get(seal.signing_key))
        if compromised and seal.certificates:
            _check_pair(seal, key, seal.certificates)
    if seal.maker_key and compromised:
        key = _enabled(seal, keys.get(seal.maker_key))
        _check_pair(seal, key, (parse_seal(seal.der).certificate,))


def _enabled(seal: RegisteredSeal, key: RegisteredKey) -> RegisteredKey:
    if key.state is not KeyState.ENABLED:
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The key {key.id!r} of the seal {seal.id!r} is {key.state}, so the seal cannot be "
            "used. Enable the key if it can be trusted; else cancel the seal, and apply for one "
            "with another key.",
        )
    return key


def _check_pair(seal: RegisteredSeal, key: RegisteredKey, ders: Iterable[bytes]) -> None:
    if not any(_is_of(key, der) for der in ders):
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The key {key.id!r} has another key pair than when it was said that a key of the seal "
            f"{seal.id!r} is compromised; cancel the seal, and apply for another one.",
        )


def _is_of(key: RegisteredKey, der: bytes) -> bool:
    try:
        return Certificate.read(der).spki == key.spki
    except InputError:  # a seal from elsewhere can have others in it that are odd
        return False
