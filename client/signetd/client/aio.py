"""The client for asyncio."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any, Self

import grpc
import grpc.aio

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import token_service_pb2 as tokens
from signetd.client import _operations as operations
from signetd.client import errors, messages, retry
from signetd.client._access_aio import AsyncAccessCalls
from signetd.client._seals_aio import AsyncSealCalls
from signetd.client._signing_aio import AsyncSigningCalls
from signetd.client.approvals import AsyncApprovalCalls
from signetd.client.audit import AsyncAuditCalls
from signetd.client.certificates import AsyncCertificateCalls
from signetd.client.connection import OPTIONS, Endpoint
from signetd.client.key_policies import KeyPolicyItem
from signetd.client.verification import AsyncVerificationCalls


class AsyncClient(AsyncSigningCalls, AsyncAccessCalls, AsyncApprovalCalls, AsyncCertificateCalls):
    """Signs over one connection. Every method raises SignetdError.

    ``timeout`` is in seconds and bounds a call with its retries. ``share_streams``: ``sign`` calls
    that are under way at once travel over one stream, which costs less than a call for each. With a
    timeout over 30 s, which a daemon grants to single calls alone, and with an older daemon, which
    knows no streams, they do not.
    """

    def __init__(
        self, endpoint: Endpoint, *, timeout: float = 30.0, share_streams: bool = True
    ) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._closed = False
        if endpoint.is_unix:
            self._channel = grpc.aio.insecure_channel(endpoint.address, options=OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(
                endpoint.address, endpoint.credentials(), options=OPTIONS
            )
        super().__init__(share_streams=share_streams)
        self.audit = AsyncAuditCalls(self._call, self._stream)
        """The calls of AuditService."""
        self.seals = AsyncSealCalls(self._call)
        """The calls of SealService."""
        self.verification = AsyncVerificationCalls(self._call)
        """The calls of VerificationService."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        self._closed = True
        await self._close_streams()
        await self._channel.close()

    async def _call(self, operation: operations.Operation) -> Any:
        call: Any = self._channel.unary_unary(
            operation.method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=operation.reply.FromString,
        )
        end, waits = asyncio.get_running_loop().time() + self._timeout, retry.delays()
        while True:
            try:
                return await call(
                    operation.request, timeout=max(end - asyncio.get_running_loop().time(), 0.0)
                )
            except grpc.aio.AioRpcError as failure:
                error = errors.from_rpc(failure, self._endpoint.address)
            if not operation.again:
                raise error
            await asyncio.sleep(
                retry.wait_before_retry(error, waits, end - asyncio.get_running_loop().time())
            )

    async def _stream(self, operation: operations.Operation) -> AsyncGenerator[Any]:
        start: Any = self._channel.unary_stream(
            operation.method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=operation.reply.FromString,
        )
        call = start(operation.request)
        try:
            async for change in call:
                yield change
        except grpc.aio.AioRpcError as failure:
            if not self._closed:
                raise errors.from_rpc(failure, self._endpoint.address) from None
        except (
            asyncio.CancelledError
        ):  # of this task, unless it is gRPC's word for a closed channel
            task = asyncio.current_task()
            if not self._closed or (task is not None and task.cancelling()):
                raise
        finally:
            call.cancel()

    async def list_keys(self) -> list[resources.Key]:
        """List all keys, by name."""
        found: list[resources.Key] = []
        page = ""
        while True:
            reply = await self._call(operations.list_keys(page))
            found += reply.keys
            page = reply.next_page_token
            if not page:
                return found

    async def get_key(self, name: str) -> resources.Key:
        """Return one key."""
        return await self._call(operations.get_key(name))  # type: ignore[no-any-return]

    async def get_public_key(self, name: str, version: int | None = None) -> resources.PublicKey:
        """Return the public key of a version; None: of the one that signs."""
        return messages.read_public_key(await self._call(operations.get_public_key(name, version)))

    async def generate_key(
        self,
        name: str,
        *,
        token: str,
        key_type: str,
        algorithm: str | None = None,
        purpose: str | None = None,
    ) -> resources.Key:
        """Have a token generate a key pair; *key_type* is a name such as "SM2" or "rsa-2048".

        *purpose* is "signing" (None), "seal-making", "sealing" or "audit", and stays.
        """
        operation = operations.generate_key(name, token, key_type, algorithm, purpose)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def enrol_key(
        self,
        name: str,
        *,
        token: str,
        cka_id: bytes = b"",
        label: str = "",
        algorithm: str | None = None,
        purpose: str | None = None,
    ) -> resources.Key:
        """Adopt a key pair that is on a token already; *purpose* as in ``generate_key``."""
        operation = operations.enrol_key(name, token, cka_id, label, algorithm, purpose)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def disable_key(self, name: str) -> resources.Key:
        """Stop a key from signing."""
        return await self._call(operations.disable_key(name))  # type: ignore[no-any-return]

    async def enable_key(self, name: str) -> resources.Key:
        """Let a key sign again that is disabled or in quarantine."""
        return await self._call(operations.enable_key(name))  # type: ignore[no-any-return]

    async def replace_key(
        self, name: str, *, token: str = "", cka_id: bytes = b"", label: str = ""
    ) -> resources.Key:
        """Have another pair sign from now on; the present one only verifies.

        It is on *token* ("": the same): the one with *cka_id* and *label*, or without a new one.
        """
        operation = operations.replace_key(name, token, cka_id, label)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def list_key_versions(self, name: str) -> list[resources.KeyVersion]:
        """List the versions of a key, the newest first."""
        return list((await self._call(operations.list_key_versions(name))).versions)

    async def destroy_key(
        self, name: str, *, version: int | None = None, approval: str = ""
    ) -> resources.Key:
        """Destroy all pairs of a key that is disabled or in quarantine, in their tokens.

        Or one *version* that only verifies. *approval* names an approval of it, where one is
        needed.
        """
        operation = operations.destroy_key(name, version, approval)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def set_key_policy(self, name: str, policy: KeyPolicyItem) -> resources.Key:
        """Replace what holds for every use of a key; an empty policy lifts all limits."""
        return await self._call(operations.set_key_policy(name, policy))  # type: ignore[no-any-return]

    async def attest_key(
        self, name: str, *, version: int | None = None, nonce: bytes = b""
    ) -> keys.Statement:
        """Have the daemon state what the token says of a key now; see signetd.audit for verifying.

        *nonce*, at most 64 bytes, becomes part of it, so that it is known to be fresh.
        """
        operation = operations.attest_key(name, version, nonce)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def list_tokens(self) -> list[resources.Token]:
        """List all tokens, by name."""
        found: list[resources.Token] = []
        page = ""
        while True:
            reply = await self._call(operations.list_tokens(page))
            found += reply.tokens
            page = reply.next_page_token
            if not page:
                return found

    async def get_token(self, name: str) -> resources.Token:
        """Return one token."""
        return await self._call(operations.get_token(name))  # type: ignore[no-any-return]

    async def unlock_token(
        self, name: str, pin: str, *, accept_final_try: bool = False
    ) -> resources.Token:
        """Present the PIN to a token, once; see ``accept_final_try`` of UnlockTokenRequest."""
        operation = operations.unlock_token(name, pin, accept_final_try=accept_final_try)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def lock_token(self, name: str) -> resources.Token:
        """Log out of a token."""
        return await self._call(operations.lock_token(name))  # type: ignore[no-any-return]

    async def watch_tokens(
        self, names: Iterable[str] = ()
    ) -> AsyncGenerator[tokens.WatchTokensResponse]:
        """Yield the tokens (all, or *names*) as they are, then every change of their states.

        It goes on, without a timeout, until it or the client is closed; a daemon that stops ends
        it with Unavailable, and one that is not read fast enough with ResourceExhausted.
        """
        async with aclosing(self._stream(operations.watch_tokens(names))) as changes:
            async for change in changes:
                yield change
