"""Destroys key pairs in their tokens, and calls them destroyed only when nothing is left."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from signetd.daemon.keys import tokens, versions
from signetd.daemon.keys.tokens import KeyToken, TracingToken
from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Traces

_SHOWN_PROOFS: Final = 8


class Destroyed(msgspec.Struct, frozen=True, kw_only=True):
    """A key after a destruction; ``proof`` is where was looked for what is gone, for the audit."""

    key: RegisteredKey
    proof: str


def pairs(key: RegisteredKey, version: int | None) -> list[RegisteredKey]:
    """Return what is to be destroyed, the oldest first: one version, or all pairs that are left.

    Raises KEY_STATE_WRONG unless that may be destroyed now, KEY_NOT_FOUND for an unknown version.
    """
    if version is not None:
        return [_only_verifying(key, version)]
    if key.state is KeyState.DESTROYED:
        raise SignetError(Reason.KEY_STATE_WRONG, f"The key {key.id!r} is destroyed already.")
    if key.state is KeyState.ENABLED:
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The key {key.id!r} is {key.state}, and only a key that does not sign can be "
            "destroyed; disable it first.",
        )
    left = {each.version for each in key.older if not each.destroyed} | {key.version}
    return [each for each in reversed(versions.every(key)) if each.version in left]


def _only_verifying(key: RegisteredKey, version: int) -> RegisteredKey:
    chosen = versions.at(key, version)
    if version == key.version:
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The version {version} of {key.id!r} is the one that signs. Replace it first, or "
            f"destroy the whole key keys/{key.id}.",
        )
    if versions.is_destroyed(key, version):
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The version {version} of the key {key.id!r} is destroyed already.",
        )
    return chosen


def check_tokens(chosen: Sequence[RegisteredKey], held: Mapping[str, KeyToken]) -> None:
    """Raise what `destroy_pair` would if a token is not there, before any pair is destroyed."""
    for each in chosen:
        tokens.holding(each, tokens.find(held, each.token))


async def destroy_pair(pair: RegisteredKey, held: Mapping[str, KeyToken]) -> str:
    """Destroy one pair, and look for it afresh; return where was looked, for the audit.

    A pair that is not there any more, as after a crash between this and the writing down, is
    looked for as well, and that is all. Raises KEY_NOT_ON_TOKEN for another token under the name,
    TOKEN_FAILED naming what is left, and what the token answers.
    """
    token = tokens.find(held, pair.token)
    tokens.holding(pair, token)
    try:
        await token.destroy(pair.ref)
    except SignetError as error:
        if error.reason is not Reason.KEY_NOT_ON_TOKEN:
            raise
    traces = await look(pair, token)
    if not traces.gone:
        raise SignetError(
            Reason.TOKEN_FAILED,
            f"The version {pair.version} of the key {pair.id!r} is not called destroyed: the token "
            f"{pair.token!r} still shows {left(pair, traces)}. Remove them with the token's own "
            "tool, and destroy the key again.",
            metadata={"private": str(traces.private), "public": str(traces.public)},
        )
    return proof(pair, traces)


async def look(pair: RegisteredKey, token: TracingToken) -> Traces:
    """Look for a pair afresh, in the token that is registered for it.

    Raises KEY_NOT_ON_TOKEN for another token under the name, and what the token answers.
    """
    tokens.holding(pair, token)
    traces = await token.find_traces(pair.ref)
    tokens.holding(pair, token)  # still: what another one does not show proves nothing
    return traces


def joined(proofs: Sequence[str]) -> str:
    """Write several proofs as one, of bounded length."""
    more = len(proofs) - _SHOWN_PROOFS
    tail = f"; and {more} more pairs, each looked for in the same way" if more > 0 else ""
    return "; ".join(proofs[:_SHOWN_PROOFS]) + tail


def left(pair: RegisteredKey, traces: Traces) -> str:
    """Name what is left of a pair."""
    counts = {
        "private key": traces.private,
        "public key": traces.public,
        "certificate": traces.certificates,
    }
    found = ", ".join(f"{count} {what} object(s)" for what, count in counts.items() if count)
    return (
        f"{found} with its public key, or with its CKA_ID {pair.cka_id.hex() or '(empty)'} and no "
        "public key that could be read"
    )


def proof(pair: RegisteredKey, traces: Traces) -> str:
    """Say where was looked for a pair of which nothing is left."""
    others = f", {traces.others} of other keys under that CKA_ID" if traces.others else ""
    fresh = "a fresh session" if traces.sessions == 1 else f"{traces.sessions} fresh sessions"
    return (
        f"version {pair.version} gone: looked in {fresh} on tokens/{pair.token} serial "
        f"{pair.token_serial} at {traces.looked_at} objects, 0 objects with CKA_ID "
        f"{pair.cka_id.hex() or '(empty)'} or the public key {pair.fingerprint}{others}"
    )
