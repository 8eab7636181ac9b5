"""The calls of VerificationService, as ``client.verification``."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from signetd.api.v1.verification_service_pb2 import TrustList, VerificationReport
from signetd.client import _verification_operations as operations
from signetd.client._operations import Operation


class VerificationCalls:
    """Verifies seals and stamps of any issuer, and keeps trust lists. Raises SignetdError.

    Names of trust lists are with or without `trustLists/`. A bad seal is a report, not an error:
    look at its ``good``.
    """

    def __init__(self, call: Callable[[Operation], Any]) -> None:
        self._call = call

    def seal(
        self,
        seal: bytes,
        *,
        time: datetime | None = None,
        trust_list: str = "",
        rules: str | None = None,
    ) -> VerificationReport:
        """Verify a seal (SESeal, DER, at most 2 MiB).

        *time* is an aware time, now if None. *trust_list* is the one its maker must be in, "" for
        the daemon's configuration. *rules* are "gbt38540" or "gmt0031"; None for the daemon's.
        """
        operation = operations.verify_seal(seal, time=time, trust_list=trust_list, rules=rules)
        return self._call(operation)  # type: ignore[no-any-return]

    def stamp(
        self,
        stamp: bytes,
        document_digest: bytes | None = None,
        *,
        time: datetime | None = None,
        trust_list: str = "",
        rules: str | None = None,
    ) -> VerificationReport:
        """Verify a stamp (SES_Signature, DER, at most 2 MiB), and the seal in it; see ``seal``.

        *document_digest* is SM3 of what it protects, 32 bytes; None if that is not at hand.
        """
        operation = operations.verify_stamp(
            stamp, document_digest, time=time, trust_list=trust_list, rules=rules
        )
        return self._call(operation)  # type: ignore[no-any-return]

    def import_list(self, name: str, content: bytes, *, comment: str) -> TrustList:
        """Import a trust list, or a new version; *comment* says where it comes from.

        What is its newest version already stays that version.
        """
        operation = operations.import_trust_list(name, content, comment)
        return self._call(operation)  # type: ignore[no-any-return]

    def retire_list(self, name: str) -> TrustList:
        """Stop a trust list from being used, for good."""
        return self._call(operations.retire_trust_list(name))  # type: ignore[no-any-return]

    def lists(self) -> list[TrustList]:
        """List the trust lists by name, in their newest versions and without their contents."""
        return list(self._call(operations.list_trust_lists()).trust_lists)

    def get_list(self, name: str, version: int = 0) -> TrustList:
        """Return a trust list with its content, in its newest (0) or another version."""
        return self._call(operations.get_trust_list(name, version))  # type: ignore[no-any-return]


class AsyncVerificationCalls:
    """The same for asyncio."""

    def __init__(self, call: Callable[[Operation], Awaitable[Any]]) -> None:
        self._call = call

    async def seal(
        self,
        seal: bytes,
        *,
        time: datetime | None = None,
        trust_list: str = "",
        rules: str | None = None,
    ) -> VerificationReport:
        """Verify a seal; see VerificationCalls.seal."""
        operation = operations.verify_seal(seal, time=time, trust_list=trust_list, rules=rules)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def stamp(
        self,
        stamp: bytes,
        document_digest: bytes | None = None,
        *,
        time: datetime | None = None,
        trust_list: str = "",
        rules: str | None = None,
    ) -> VerificationReport:
        """Verify a stamp; see VerificationCalls.stamp."""
        operation = operations.verify_stamp(
            stamp, document_digest, time=time, trust_list=trust_list, rules=rules
        )
        return await self._call(operation)  # type: ignore[no-any-return]

    async def import_list(self, name: str, content: bytes, *, comment: str) -> TrustList:
        """Import a trust list; see VerificationCalls.import_list."""
        operation = operations.import_trust_list(name, content, comment)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def retire_list(self, name: str) -> TrustList:
        """Stop a trust list from being used, for good."""
        return await self._call(operations.retire_trust_list(name))  # type: ignore[no-any-return]

    async def lists(self) -> list[TrustList]:
        """List the trust lists; see VerificationCalls.lists."""
        reply = await self._call(operations.list_trust_lists())
        return list(reply.trust_lists)

    async def get_list(self, name: str, version: int = 0) -> TrustList:
        """Return a trust list with its content; see VerificationCalls.get_list."""
        operation = operations.get_trust_list(name, version)
        return await self._call(operation)  # type: ignore[no-any-return]
