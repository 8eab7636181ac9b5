"""Checks of what a caller wants to stamp, and of the seal it is to be stamped with; pure.

Raises SignetError naming field, limit and way out.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from signetd.daemon.seals import checks, status
from signetd.daemon.seals.stamp_types import StampInput
from signetd.daemon.seals.types import RegisteredSeal, SealEvent, SealState
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import BuildError, limits
from signetd.seal import checks as built

DIGEST_BYTES: Final = 32
MAX_EXTENSIONS: Final = 16

_WAYS_OUT: Final = {
    SealState.APPLIED: "it must be reviewed, made and filed before it can stamp",
    SealState.REJECTED: "that is final; apply for another seal",
    SealState.ACCEPTED: "it must be made and filed before it can stamp",
    SealState.MADE: "it must be filed before it can stamp",
    SealState.SUSPENDED: "it can stamp again once a security administrator has resumed it",
    SealState.CANCELLED: "that is final; stamp with another seal",
}


def check_input(request: StampInput) -> None:
    """Raise INPUT_MISSING, DIGEST_LENGTH_WRONG or INPUT_INVALID for what cannot be in a stamp."""
    _check_digest(request.document_digest)
    if not request.property_info:
        raise SignetError(
            Reason.INPUT_MISSING,
            "property_info is missing; say which part of the document is protected, as the path "
            "of its Signature.xml.",
        )
    if len(request.extensions) > MAX_EXTENSIONS:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"extensions has {len(request.extensions)} items; {MAX_EXTENSIONS} are the most.",
        )
    try:
        built.ascii_text(request.property_info, "property_info", limits.BUILT_PROPERTY_INFO)
        built.extensions(request.extensions, "extensions")
    except BuildError as error:
        raise SignetError(Reason.INPUT_INVALID, f"{error}.") from None


def not_in_use(
    seal: str, state: SealState, since: datetime | None, reason: str = ""
) -> SignetError:
    """Return the refusal of a seal in another state, *since* then, for a *reason*."""
    told = f" since {checks.written(since)}" if since is not None else ""
    why = f" ({reason})" if reason else ""
    return SignetError(
        Reason.SEAL_STATE_WRONG,
        f"The seal {seal!r} has been {state}{told}{why}: {_WAYS_OUT[state]}.",
        metadata={"state": str(state)},
    )


def since_of(seal: RegisteredSeal, events: Iterable[SealEvent]) -> datetime:
    """Return since when the seal is in its state, by its history."""
    since = seal.create_time
    for event in events:
        if event.before is not event.after:
            since = event.time
    return since


def check_validity(seal: RegisteredSeal, moment: datetime) -> None:
    """Raise SEAL_NOT_VALID_NOW unless *moment* is within the validity of the seal."""
    if status.is_valid(seal, moment):
        return
    early = moment < seal.valid_from
    raise SignetError(
        Reason.SEAL_NOT_VALID_NOW,
        f"The seal {seal.id!r} is valid from {checks.written(seal.valid_from)} to "
        f"{checks.written(seal.valid_until)}, and it is {checks.written(moment)}; "
        + ("wait until then." if early else "apply for one in its place."),
    )


def _check_digest(digest: bytes) -> None:
    if not digest:
        raise SignetError(
            Reason.INPUT_MISSING,
            "document_digest is missing; give SM3 of the protected original, 32 bytes.",
        )
    if len(digest) != DIGEST_BYTES:
        raise SignetError(
            Reason.DIGEST_LENGTH_WRONG,
            f"document_digest has {len(digest)} bytes; give SM3 of the protected original, which "
            f"has {DIGEST_BYTES}.",
        )
