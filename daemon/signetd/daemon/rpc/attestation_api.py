"""Answers KeyService.AttestKey."""

from typing import Protocol

from signetd.api.v1 import key_service_pb2 as messages
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.rpc.key_messages import key_and_version
from signetd.daemon.rpc.recording import Recorder
from signetd.gm.sm3 import sm3


class Keys(Protocol):
    """The registered keys."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return one key; raises SignetError KEY_NOT_FOUND."""
        ...


class Attestation(Protocol):
    """States what keys are."""

    async def attest(self, key: RegisteredKey, version: int | None, nonce: bytes) -> bytes:
        """Return a signed statement of a version of *key*, None for the one that signs."""
        ...


class AttestationApi:
    """Attests keys for administrators; each statement is in the audit before it is given out."""

    def __init__(self, keys: Keys, attestation: Attestation, recorder: Recorder) -> None:
        self._keys = keys
        self._attestation = attestation
        self._recorder = recorder

    async def attest_key(self, request: messages.AttestKeyRequest) -> messages.Statement:
        """Answer AttestKey."""
        key_id, number = key_and_version(request.name)
        key = self._keys.get(key_id)
        document = await self._attestation.attest(key, number, request.nonce)
        digest = sm3(document).hex()
        detail = f"statement of version {number or key.version} with SM3 {digest}"
        await self._recorder.act(f"keys/{key_id}", detail=detail)
        return messages.Statement(document=document, sm3=digest)
