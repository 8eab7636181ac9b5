"""The client for programs without asyncio."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, Self

import grpc

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import token_service_pb2 as tokens
from signetd.client import _operations as operations
from signetd.client import errors, messages, retry
from signetd.client._access_sync import AccessCalls
from signetd.client._seals_sync import SealCalls
from signetd.client._signing_sync import SigningCalls
from signetd.client.approvals import ApprovalCalls
from signetd.client.audit import AuditCalls
from signetd.client.certificates import CertificateCalls
from signetd.client.connection import OPTIONS, Endpoint
from signetd.client.key_policies import KeyPolicyItem
from signetd.client.verification import VerificationCalls


class Client(SigningCalls, AccessCalls, ApprovalCalls, CertificateCalls):
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
            self._channel = grpc.insecure_channel(endpoint.address, options=OPTIONS)
        else:
            self._channel = grpc.secure_channel(
                endpoint.address, endpoint.credentials(), options=OPTIONS
            )
        super().__init__(share_streams=share_streams)
        self.audit = AuditCalls(self._call, self._stream)
        """The calls of AuditService."""
        self.seals = SealCalls(self._call)
        """The calls of SealService."""
        self.verification = VerificationCalls(self._call)
        """The calls of VerificationService."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        self._close_streams()
        self._channel.close()

    def _call(self, operation: operations.Operation) -> Any:
        call: Any = self._channel.unary_unary(
            operation.method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=operation.reply.FromString,
        )
        end, waits = time.monotonic() + self._timeout, retry.delays()
        while True:
            try:
                return call(operation.request, timeout=max(end - time.monotonic(), 0.0))
            except grpc.RpcError as failure:
                error = errors.from_rpc(failure, self._endpoint.address)
            if not operation.again:
                raise error
            time.sleep(retry.wait_before_retry(error, waits, end - time.monotonic()))

    def _stream(self, operation: operations.Operation) -> Iterator[Any]:
        start: Any = self._channel.unary_stream(
            operation.method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=operation.reply.FromString,
        )
        call = start(operation.request)
        try:
            yield from call
        except grpc.RpcError as failure:
            if not self._closed:
                raise errors.from_rpc(failure, self._endpoint.address) from None
        finally:
            call.cancel()

    def list_keys(self) -> list[resources.Key]:
        """List all keys, by name."""
        found: list[resources.Key] = []
        page = ""
        while True:
            reply = self._call(operations.list_keys(page))
            found += reply.keys
            page = reply.next_page_token
            if not page:
                return found

    def get_key(self, name: str) -> resources.Key:
        """Return one key."""
        return self._call(operations.get_key(name))  # type: ignore[no-any-return]

    def get_public_key(self, name: str, version: int | None = None) -> resources.PublicKey:
        """Return the public key of a version; None: of the one that signs."""
        return messages.read_public_key(self._call(operations.get_public_key(name, version)))

    def generate_key(
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
        return self._call(operation)  # type: ignore[no-any-return]

    def enrol_key(
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
        return self._call(operation)  # type: ignore[no-any-return]

    def disable_key(self, name: str) -> resources.Key:
        """Stop a key from signing."""
        return self._call(operations.disable_key(name))  # type: ignore[no-any-return]

    def enable_key(self, name: str) -> resources.Key:
        """Let a key sign again that is disabled or in quarantine."""
        return self._call(operations.enable_key(name))  # type: ignore[no-any-return]

    def replace_key(
        self, name: str, *, token: str = "", cka_id: bytes = b"", label: str = ""
    ) -> resources.Key:
        """Have another pair sign from now on; the present one only verifies.

        It is on *token* ("": the same): the one with *cka_id* and *label*, or without a new one.
        """
        operation = operations.replace_key(name, token, cka_id, label)
        return self._call(operation)  # type: ignore[no-any-return]

    def list_key_versions(self, name: str) -> list[resources.KeyVersion]:
        """List the versions of a key, the newest first."""
        return list((self._call(operations.list_key_versions(name))).versions)

    def destroy_key(
        self, name: str, *, version: int | None = None, approval: str = ""
    ) -> resources.Key:
        """Destroy all pairs of a key that is disabled or in quarantine, in their tokens.

        Or one *version* that only verifies. *approval* names an approval of it, where one is
        needed.
        """
        operation = operations.destroy_key(name, version, approval)
        return self._call(operation)  # type: ignore[no-any-return]

    def set_key_policy(self, name: str, policy: KeyPolicyItem) -> resources.Key:
        """Replace what holds for every use of a key; an empty policy lifts all limits."""
        return self._call(operations.set_key_policy(name, policy))  # type: ignore[no-any-return]

    def attest_key(
        self, name: str, *, version: int | None = None, nonce: bytes = b""
    ) -> keys.Statement:
        """Have the daemon state what the token says of a key now; see signetd.audit for verifying.

        *nonce*, at most 64 bytes, becomes part of it, so that it is known to be fresh.
        """
        operation = operations.attest_key(name, version, nonce)
        return self._call(operation)  # type: ignore[no-any-return]

    def list_tokens(self) -> list[resources.Token]:
        """List all tokens, by name."""
        found: list[resources.Token] = []
        page = ""
        while True:
            reply = self._call(operations.list_tokens(page))
            found += reply.tokens
            page = reply.next_page_token
            if not page:
                return found

    def get_token(self, name: str) -> resources.Token:
        """Return one token."""
        return self._call(operations.get_token(name))  # type: ignore[no-any-return]

    def unlock_token(
        self, name: str, pin: str, *, accept_final_try: bool = False
    ) -> resources.Token:
        """Present the PIN to a token, once; see ``accept_final_try`` of UnlockTokenRequest."""
        operation = operations.unlock_token(name, pin, accept_final_try=accept_final_try)
        return self._call(operation)  # type: ignore[no-any-return]

    def lock_token(self, name: str) -> resources.Token:
        """Log out of a token."""
        return self._call(operations.lock_token(name))  # type: ignore[no-any-return]

    def watch_tokens(self, names: Iterable[str] = ()) -> Iterator[tokens.WatchTokensResponse]:
        """Yield the tokens (all, or *names*) as they are, then every change of their states.

        It goes on, without a timeout, until it or the client is closed; a daemon that stops ends
        it with Unavailable, and one that is not read fast enough with ResourceExhausted.
        """
        yield from self._stream(operations.watch_tokens(names))
