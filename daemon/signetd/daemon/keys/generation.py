"""Generates a key pair so that none is left on a token without a registration."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from signetd.daemon.keys.tokens import KeyToken
from signetd.daemon.keys.types import RegisteredKey
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyInfo, KeyType

# The token was asked, and its answer was lost or says that something broke: there may be a pair.
_TELLING_BYTES: Final = 8  # so many random ones are no coincidence
_UNCERTAIN = frozenset(
    {Reason.TOKEN_TIMEOUT, Reason.WORKER_LOST, Reason.TOKEN_FAILED, Reason.TOKEN_ABSENT}
)
_WAITS: Final = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds; a worker that ended is soon replaced
_SOON_OVER: Final = frozenset({Reason.TOKEN_RECOVERING, Reason.WORKER_LOST})


async def generate_registered(
    token: KeyToken,
    key_type: KeyType,
    *,
    label: str,
    cka_id: bytes,
    register: Callable[[KeyInfo], Awaitable[RegisteredKey]],
) -> RegisteredKey:
    """Generate a pair and hand it to *register*; if that fails, destroy the pair again.

    Raises KEY_EXISTS where a key on the token has this label already, and what the token or
    *register* raised; where the pair could not be removed, the error says (a SignetError in its
    message, another one in a note) what is left on the token.
    """
    await _check_label(token, label)
    try:
        pair = await token.generate(key_type, label=label, cka_id=cka_id)
    except SignetError as error:
        if error.reason in _UNCERTAIN and not await _removed(token, label, cka_id):
            raise _leftover(error, label, cka_id) from error
        raise
    try:
        return await register(pair)
    except BaseException as error:
        await _undo(token, pair, error)
        raise


async def _check_label(token: KeyToken, label: str) -> None:
    survey = await token.survey()
    names = [(each.label, each.ref.cka_id) for each in survey.pairs]
    names += [(each.label, each.cka_id) for each in survey.obscure]
    for found, cka_id in names:
        if found == label:
            raise SignetError(
                Reason.KEY_EXISTS,
                f"The token holds a key with the label {label!r} already (CKA_ID "
                f"{cka_id.hex() or 'empty'}): none is generated beside it. Choose another name, "
                "enrol that key, or remove it with the token's own tool.",
            )


async def _undo(token: KeyToken, pair: KeyInfo, cause: BaseException) -> None:
    try:
        await _patiently(lambda: token.destroy(pair.ref))
    except SignetError as error:
        if error.reason is Reason.KEY_NOT_ON_TOKEN:
            return  # an earlier try has reached the token, and its answer was lost
        cause.add_note(f"{_what_is_left(pair.label, pair.ref.cka_id)} ({error.message})")


async def _removed(token: KeyToken, label: str, cka_id: bytes) -> bool:
    async def remove() -> None:
        for pair in await token.keys():
            # A token may have cut or padded the CKA_ID, which was made at random for this pair.
            changed = pair.label == label and _is_cut_or_padded(cka_id, pair.ref.cka_id)
            if pair.ref.cka_id == cka_id or changed:
                await token.destroy(pair.ref)

    try:
        await _patiently(remove)
    except SignetError:
        return False
    return True


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Do *work*, again and again while the token is about to come back."""
    for seconds in _WAITS:
        try:
            return await work()
        except SignetError as error:
            if error.reason not in _SOON_OVER:
                raise
        await asyncio.sleep(seconds)
    await work()


def _is_cut_or_padded(asked: bytes, found: bytes) -> bool:
    shorter, longer = sorted((asked, found), key=len)
    return len(shorter) >= _TELLING_BYTES and longer.startswith(shorter)


def _leftover(error: SignetError, label: str, cka_id: bytes) -> SignetError:
    return SignetError(
        error.reason,
        f"{error.message} {_what_is_left(label, cka_id)}",
        ckr=error.ckr,
        metadata=error.metadata,
    )


def _what_is_left(label: str, cka_id: bytes) -> str:
    return (
        f"A key pair that is not registered may be left on the token: label {label!r}, "
        f"CKA_ID {cka_id.hex()}. Remove it with the token's own tool."
    )
