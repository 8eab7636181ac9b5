"""Clients that keep signing random documents; a failure is recorded, never tried again."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import grpc

from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.api.v1 import signing_service_pb2_grpc as services
from signetd.api.v1 import token_service_pb2 as tokens
from signetd.api.v1 import token_service_pb2_grpc as token_services
from signetd.client import Signature, SignetdError, SignItem, errors, messages
from signetd.client.connection import OPTIONS
from tests.chaos.record import Outcome, Record, Seen, failed
from tests.chaos.target import KEYS, TOKEN

# Longer than anything that the daemon is configured to: it must answer before we give up.
DEADLINE: Final = 20.0
CHANNEL: Final = (
    *OPTIONS,
    ("grpc.use_local_subchannel_pool", 1),  # a connection of one's own
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 100),
)
_BATCH: Final = ("p256", "rsa", "ed25519", "p256", "sm2")


class Caller:
    """One connection. The public client tries again where it may; here each try counts.

    Requests and replies are written and read by the client's own functions.
    """

    def __init__(self, socket: Path) -> None:
        self._address = f"unix:{socket}"
        self._channel = grpc.insecure_channel(self._address, options=CHANNEL)
        self._signing = services.SigningServiceStub(self._channel)
        self._tokens = token_services.TokenServiceStub(self._channel)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def sign(self, item: SignItem) -> Signature:
        """Sign once. Raises SignetdError."""
        try:
            reply = self._signing.Sign(messages.sign_request(item), timeout=DEADLINE)
        except grpc.RpcError as error:
            raise errors.from_rpc(error, self._address) from None
        return messages.read_signature(reply)

    def batch_sign(self, items: list[SignItem]) -> list[Signature | SignetdError]:
        """Sign a batch once. Raises SignetdError."""
        requests = [messages.sign_request(item) for item in items]
        try:
            reply = self._signing.BatchSign(
                signing.BatchSignRequest(requests=requests), timeout=DEADLINE
            )
        except grpc.RpcError as error:
            raise errors.from_rpc(error, self._address) from None
        return messages.read_batch(reply, len(items))

    def look(self) -> Seen | None:
        """The token's state now; None when nobody answers."""
        request = tokens.GetTokenRequest(name=f"tokens/{TOKEN}")
        try:
            token = self._tokens.GetToken(request, timeout=2.0)
        except grpc.RpcError:
            return None
        state = resources.TokenState.Name(token.state).removeprefix("TOKEN_STATE_")
        return Seen(time.monotonic(), state, token.state_reason, token.workers_ready)


class Load:
    """Threads that sign until they are stopped, and one that watches the token."""

    def __init__(
        self,
        socket: Path,
        record: Record,
        *,
        pauses: dict[str, float],
        clients: int = 2,
        batches: bool = True,
        watch: float | None = 0.02,
    ) -> None:
        """For each key of *pauses*, so many clients wait so many seconds after each request.

        *watch* is in how many seconds the token is looked at again, None for not at all.
        """
        self._socket = socket
        self._record = record
        self._pauses = pauses
        self._watch_pause = watch or 0.0
        self._stop = threading.Event()
        work = [self._signer(key) for key in pauses for _ in range(clients)]
        work += [self._batches] * batches + [self._watch] * (watch is not None)
        self._threads = [threading.Thread(target=self._run, args=(w,), daemon=True) for w in work]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after the requests under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(DEADLINE + 5)
            if thread.is_alive():
                self._record.add_odd("a request got no answer at all, not even at its deadline")

    def _run(self, work: Callable[[Caller], None]) -> None:
        caller = Caller(self._socket)
        try:
            work(caller)
        except Exception as error:  # a thread that dies unseen would look like a quiet daemon
            self._record.add_odd(f"a client broke: {type(error).__name__}: {error}")
            raise
        finally:
            caller.close()

    def _signer(self, key: str) -> Callable[[Caller], None]:
        def work(caller: Caller) -> None:
            while not self._stop.wait(self._pauses[key]):
                self._sign(caller, key)

        return work

    def _sign(self, caller: Caller, key: str) -> None:
        item, began = random_item(key), time.monotonic()
        try:
            signature = caller.sign(item)
        except SignetdError as error:
            self._record.add(failed(key, item.message or b"", began, time.monotonic(), error))
        else:
            self._take(item, signature, began)

    def _batches(self, caller: Caller) -> None:
        while not self._stop.wait(0.25):
            items, began = [random_item(key) for key in _BATCH], time.monotonic()
            try:
                results = caller.batch_sign(items)
            except SignetdError as error:
                results = [error] * len(items)
            for item, result in zip(items, results, strict=True):
                if isinstance(result, Signature):
                    self._take(item, result, began)
                else:
                    data, now = item.message or b"", time.monotonic()
                    self._record.add(failed(item.key, data, began, now, result))

    def _take(self, item: SignItem, signature: Signature, began: float) -> None:
        outcome = Outcome(
            item.key, item.message or b"", began, time.monotonic(), signature.signature
        )
        self._record.add(outcome)
        told = (signature.key_version.split("/")[1], signature.algorithm, signature.token)
        if told != (item.key, KEYS[item.key][1], f"tokens/{TOKEN}"):
            self._record.add_odd(f"asked for {item.key}, answered for {told}")
        if not signature.signature:
            self._record.add_odd(f"{item.key}: an answer without a signature")

    def _watch(self, caller: Caller) -> None:
        while not self._stop.wait(self._watch_pause):
            seen = caller.look()
            if seen is not None:
                self._record.see(seen)


def random_item(key: str) -> SignItem:
    """A document that nobody has signed before."""
    return SignItem(key=key, message=os.urandom(48), algorithm=KEYS[key][1])
