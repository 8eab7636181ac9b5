"""Acts decided by the policy: decided again if it was changed before they were written."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from signetd.daemon.seals.parts import Policy
from signetd.drivers.errors import Reason, SignetError

_TRIES: Final = 5
_Result = TypeVar("_Result")


async def settled(policy: Policy, attempt: Callable[[int], Awaitable[_Result]]) -> _Result:
    """Return what *attempt* does under one version of the policy, which it is given.

    It decides by what it reads of identities, grants and keys, and has its record written under
    that version. Raises what it does, and POLICY_CHANGED if the policy never rests.
    """
    await policy.refresh()
    for _ in range(_TRIES):
        try:
            return await attempt(policy.snapshot.version)
        except SignetError as error:
            if error.reason is not Reason.POLICY_CHANGED:
                raise
        await policy.refresh()
    raise SignetError(
        Reason.POLICY_CHANGED,
        "Grants and keys were changed all the time while this was done; try again.",
    )
