"""How a key in quarantine is told: an alarm in the log, and a token that is shown as degraded."""

from collections.abc import Mapping

import structlog

from signetd.daemon.audit.types import Event, Kind
from signetd.daemon.keys.tokens import KeyToken
from signetd.daemon.keys.types import KeyState, RegisteredKey

_log = structlog.get_logger("signetd.keys")


def alarm(key: RegisteredKey, faults: int) -> None:
    """Log that *key* has come into quarantine after so many faulty signatures in a row."""
    _log.critical(
        "key quarantined",
        key=key.id,
        token=key.token,
        count=faults,
        detail="signatures of the token did not verify and were withheld; check the token, then "
        "enable the key again or disable it",
    )


def show(key: RegisteredKey, tokens: Mapping[str, KeyToken]) -> None:
    """Have the token of *key* complain while the key is in quarantine, and not otherwise."""
    token = tokens.get(key.token)
    if token is None:
        return  # It has left the configuration, and with it the place where this would be shown.
    topic = f"key {key.id}"
    if key.state is KeyState.QUARANTINED:
        token.complain(topic, f"the key {key.id!r} is in quarantine: its signatures were faulty")
    else:
        token.settle(topic)


def quarantined(key: RegisteredKey, faults: int) -> Event:
    """Return what the audit says of a key that the daemon has taken out of service by itself."""
    return Event(
        kind=Kind.ACT,
        operation="quarantine",
        resource=f"keys/{key.id}",
        token=key.token,
        token_serial=key.token_serial,
        allowed=True,
        result="OK",
        detail=f"{faults} signatures in a row were not valid",
    )
