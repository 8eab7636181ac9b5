"""The rules of the PIN guard: what may be presented, and what is remembered of it. Pure.

Each function takes the attempts that are remembered of one token, and returns those to remember
from now on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from signetd.daemon.pins.hashing import same_key
from signetd.daemon.pins.types import AttemptState, PinAttempt
from signetd.drivers.errors import Reason, SignetError

PINS_WITHOUT_A_PERSON: Final = 2
"""So many different PINs in a row are presented without an administrator.

Tokens lock themselves after as few as three wrong PINs. A file that changes again and again must
not use up the last try; that one is left to a person.
"""

_KEPT: Final = 8  # Older ones add nothing: from PINS_WITHOUT_A_PERSON on, no PIN is let through.
_MAX_REASON: Final = 300
_UNKNOWN: Final = "its answer never came"


def begin_by_itself(attempts: Sequence[PinAttempt], new: PinAttempt) -> list[PinAttempt]:
    """Add an attempt that nobody asked for. Raises SignetError PIN_BLOCKED."""
    strange = [known for known in attempts if not same_key(known.pin_hash, new.pin_hash)]
    another_may_come = not strange and len(attempts) < PINS_WITHOUT_A_PERSON
    for known in attempts:
        if known.pin_hash == new.pin_hash:
            raise _blocked(f"This PIN {_what_became_of(known)}", another_may_come)
    if strange:
        raise _blocked(
            "The key of the PIN guard was replaced, so this PIN cannot be told from one that "
            f"{_what_became_of(strange[-1])}",
            another_may_come,
        )
    if not another_may_come:
        raise _blocked(
            f"{len(attempts)} other PINs came before this one, and none was right (the limit is "
            f"{PINS_WITHOUT_A_PERSON}); the last {_what_became_of(attempts[-1])}",
            another_may_come,
        )
    return [*attempts, new]


def begin_asked(attempts: Sequence[PinAttempt], new: PinAttempt) -> list[PinAttempt]:
    """Add an attempt that an administrator asked for; it is never refused.

    What is known stays until a PIN is accepted: an administrator's own slip must not let a
    refused PIN out again.
    """
    if any(known.pin_hash == new.pin_hash for known in attempts):
        # As refused, so that `not_presented` of the new attempt does not take it away.
        return [
            replace(known, state=AttemptState.REFUSED, reason=known.reason or _UNKNOWN)
            if known.pin_hash == new.pin_hash
            else known
            for known in attempts
        ]
    return [*attempts, new][-_KEPT:]


def refused(attempts: Sequence[PinAttempt], refusal: PinAttempt) -> list[PinAttempt]:
    """Put *refusal* in the place of the attempt that it was the answer to."""
    others = [known for known in attempts if known.pin_hash != refusal.pin_hash]
    return [*others, replace(refusal, reason=refusal.reason[:_MAX_REASON])][-_KEPT:]


def not_presented(attempts: Sequence[PinAttempt], pin_hash: str) -> list[PinAttempt]:
    """Take the pending attempt with this PIN away; a refusal stays."""
    return [
        known
        for known in attempts
        if known.pin_hash != pin_hash or known.state is AttemptState.REFUSED
    ]


def _what_became_of(known: PinAttempt) -> str:
    when = known.time.strftime("%Y-%m-%d %H:%M:%S UTC")
    if known.state is AttemptState.PENDING:
        return f"was presented at {when}, and it is not known whether the token refused it"
    reason = known.reason.strip().rstrip(".")
    return f"was refused by the token at {when}" + (f" ({reason})" if reason else "")


def _blocked(what: str, another_may_come: bool) -> SignetError:
    change = "put the right PIN into the token's PIN file, or " if another_may_come else ""
    return SignetError(
        Reason.PIN_BLOCKED,
        f"{what}. It is not presented by itself, because tokens count wrong PINs and lock "
        f"themselves: {change}unlock the token with its PIN (signetctl token unlock).",
    )
