"""Which act leads from which state to which; pure. What is not here cannot be done."""

from collections.abc import Mapping
from typing import Final

from signetd.daemon.seals.types import Act, SealState
from signetd.drivers.errors import Reason, SignetError

BEGINNINGS: Final[Mapping[Act, SealState]] = {
    Act.APPLY: SealState.APPLIED,
    Act.CHANGE: SealState.APPLIED,
    Act.IMPORT: SealState.MADE,
}
"""The state in which a seal begins, by how it came to be."""

_STEPS: Final[Mapping[SealState, Mapping[Act, SealState]]] = {
    SealState.APPLIED: {
        Act.ACCEPT: SealState.ACCEPTED,
        Act.REJECT: SealState.REJECTED,
        Act.CANCEL: SealState.CANCELLED,
    },
    SealState.REJECTED: {},
    SealState.ACCEPTED: {Act.MAKE: SealState.MADE, Act.CANCEL: SealState.CANCELLED},
    SealState.MADE: {
        Act.FILE: SealState.IN_USE,
        Act.CANCEL: SealState.CANCELLED,
        # It stays where it is, and what is known of its key is looked at when it is filed.
        Act.COMPROMISE: SealState.MADE,
    },
    SealState.IN_USE: {
        Act.SUSPEND: SealState.SUSPENDED,
        Act.CHANGE: SealState.IN_USE,
        Act.CANCEL: SealState.CANCELLED,
        Act.COMPROMISE: SealState.SUSPENDED,
    },
    SealState.SUSPENDED: {
        Act.RESUME: SealState.IN_USE,
        Act.CHANGE: SealState.SUSPENDED,
        Act.CANCEL: SealState.CANCELLED,
        Act.COMPROMISE: SealState.SUSPENDED,
    },
    SealState.CANCELLED: {},
}
_WAYS_OUT: Final[Mapping[SealState, str]] = {
    SealState.APPLIED: "it can be reviewed, or cancelled",
    SealState.REJECTED: "that is final; apply for another one",
    SealState.ACCEPTED: "it can be made, or cancelled",
    SealState.MADE: "it can be filed, or cancelled",
    SealState.IN_USE: "it can be suspended, changed or cancelled",
    SealState.SUSPENDED: "it can be resumed, changed or cancelled",
    SealState.CANCELLED: "that is final; apply for another one",
}
_DONE: Final[Mapping[Act, str]] = {
    Act.ACCEPT: "reviewed",
    Act.REJECT: "reviewed",
    Act.MAKE: "made",
    Act.FILE: "filed",
    Act.SUSPEND: "suspended",
    Act.RESUME: "resumed",
    Act.CHANGE: "changed",
    Act.CANCEL: "cancelled",
}

FINAL: Final = frozenset(state for state, steps in _STEPS.items() if not steps)
"""The states that are never left."""
COMPROMISABLE: Final = tuple(state for state, steps in _STEPS.items() if Act.COMPROMISE in steps)
"""The states in which it matters that a key of the seal is compromised."""
UNMADE: Final = frozenset({SealState.APPLIED, SealState.ACCEPTED})
"""The states in which there is an application, and no seal yet."""


def after(seal_id: str, state: SealState, act: Act) -> SealState:
    """Return the state after *act*; raises SEAL_STATE_WRONG, which says what can be done."""
    found = _STEPS[state].get(act)
    if found is None:
        raise SignetError(
            Reason.SEAL_STATE_WRONG,
            f"The seal {seal_id!r} is {state} and cannot be {_DONE[act]}: {_WAYS_OUT[state]}.",
            metadata={"state": str(state)},
        )
    return found


def overtaken(seal_id: str, state: SealState) -> SignetError:
    """Return the refusal for one whose act came after that of somebody else."""
    return SignetError(
        Reason.SEAL_STATE_WRONG,
        f"The seal {seal_id!r} was changed by somebody else meanwhile. It is {state} now: "
        f"{_WAYS_OUT[state]}.",
        metadata={"state": str(state)},
    )
