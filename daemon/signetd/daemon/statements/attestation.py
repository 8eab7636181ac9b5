"""Attests keys: asks the token, and has what it says signed."""

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from signetd.daemon.keys import destruction, versions
from signetd.daemon.keys import tokens as token_checks
from signetd.daemon.keys.tokens import TracingToken
from signetd.daemon.keys.types import KeyVersion, RegisteredKey
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

    async def attest(
        self, key: RegisteredKey, pair: RegisteredKey | KeyVersion, nonce: bytes
    ) -> bytes:
        """Return a signed statement of *pair*, a version of *key*, as its token has it now.

        Of one that was destroyed, that the token has just been looked at, and has nothing of it.
        *nonce* becomes part of it. Raises SignetError INPUT_INVALID; STATEMENT_UNSIGNED;
        TOKEN_FAILED if something of a destroyed one is there; TOKEN_NOT_FOUND, TOKEN_LOCKED,
        TOKEN_ABSENT, KEY_NOT_ON_TOKEN, and what the token answers.
        """
        _check_nonce(nonce)
        self._writer.check()
        token = token_checks.find(self._tokens, pair.token)
        info = token_checks.holding(_held_by(key, pair), token)
        if versions.is_destroyed(key, pair.version):
            searched = await destruction.prove_gone(versions.at(key, pair.version), token)
            body = statements.gone(key, pair, info, searched)
            return await self._writer.sign(statements.DESTROYED, {**body, "nonce": nonce.hex()})
        body = statements.held(key, pair, info, await token.attributes(pair.ref))
        return await self._writer.sign(statements.KEY, {**body, "nonce": nonce.hex()})


def _held_by(key: RegisteredKey, pair: RegisteredKey | KeyVersion) -> RegisteredKey:
    return msgspec.structs.replace(key, token=pair.token, token_serial=pair.token_serial)


def _check_nonce(nonce: bytes) -> None:
    if len(nonce) > MAX_NONCE_BYTES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"nonce has {len(nonce)} bytes; it may have at most {MAX_NONCE_BYTES}.",
        )
