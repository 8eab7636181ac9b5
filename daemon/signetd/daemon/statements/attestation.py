"""Attests keys: asks the token, and has what it says signed."""

from collections.abc import Mapping
from typing import Final, Protocol

from signetd.daemon.keys import destruction, versions
from signetd.daemon.keys import tokens as token_checks
from signetd.daemon.keys.tokens import TracingToken
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.statements import keys as statements
from signetd.daemon.statements.writer import StatementWriter
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import AttributeValue, KeyRef

MAX_NONCE_BYTES: Final = 64
"""Most bytes that somebody can have put into a statement."""


class AttestingToken(TracingToken, Protocol):
    """A token that tells of its keys."""

    async def attributes(self, ref: KeyRef) -> dict[str, AttributeValue]:
        """Return what the token says now of a private key."""
        ...


class Attestation:
    """States what keys are."""

    def __init__(self, tokens: Mapping[str, AttestingToken], writer: StatementWriter) -> None:
        self._tokens = tokens
        self._writer = writer

    async def attest(self, key: RegisteredKey, version: int | None, nonce: bytes) -> bytes:
        """Return a signed statement of a version of *key*, as its token has it now.

        None is the version that signs. Of one that was destroyed it is stated that the token has
        just been looked at, and has nothing of it. *nonce* becomes part of the statement.
        Raises SignetError INPUT_INVALID; KEY_NOT_FOUND for an unknown version; STATEMENT_UNSIGNED;
        KEY_STATE_WRONG if something of a destroyed one is there; TOKEN_NOT_FOUND, TOKEN_LOCKED,
        TOKEN_ABSENT, KEY_NOT_ON_TOKEN, and what the token answers.
        """
        _check_nonce(nonce)
        pair = versions.at(key, version)
        self._writer.check()
        token = token_checks.find(self._tokens, pair.token)
        info = token_checks.holding(pair, token)
        if versions.is_destroyed(key, pair.version):
            searched = await _searched(pair, token)
            body = statements.gone(pair, info, searched)
            return await self._writer.sign(statements.DESTROYED, {**body, "nonce": nonce.hex()})
        body = statements.held(pair, info, await token.attributes(pair.ref))
        return await self._writer.sign(statements.KEY, {**body, "nonce": nonce.hex()})


async def _searched(pair: RegisteredKey, token: TracingToken) -> str:
    traces = await destruction.look(pair, token)
    if not traces.gone:
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The version {pair.version} of the key {pair.id!r} was destroyed, and its token "
            f"{pair.token!r} shows again {destruction.left(pair, traces)}. It cannot be stated to "
            "be gone. Find out who has brought it back (a backup of the token, perhaps), remove it "
            "with the token's own tool, and ask again.",
            metadata={"private": str(traces.private), "public": str(traces.public)},
        )
    return destruction.proof(pair, traces)


def _check_nonce(nonce: bytes) -> None:
    if len(nonce) > MAX_NONCE_BYTES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"nonce has {len(nonce)} bytes; it may have at most {MAX_NONCE_BYTES}.",
        )
