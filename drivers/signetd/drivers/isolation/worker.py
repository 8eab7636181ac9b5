"""The worker process: reads calls from its socket, serves them one by one, sends replies.

Started as ``python -P -m signetd.drivers.isolation.worker FD PARENT_PID``; never by fork.
"""

import fcntl
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import hygiene, wire
from signetd.drivers.pkcs11 import finder, profiles
from signetd.drivers.pkcs11.ckr import TokenFault
from signetd.drivers.pkcs11.token import Pkcs11Token
from signetd.drivers.types import Pin, Remedy, SignOrder, TokenSettings

FLUSH_AFTER_SECONDS = 0.002  # replies are held back no longer, so that the daemon sees progress
# Those of a batch are waited for together, and each frame costs the daemon as much as a signature.
FLUSH_MANY_AFTER_SECONDS = 0.01
LOCK_SECONDS = 30.0
_RECEIVED_BYTES = 1 << 16
T = TypeVar("T")
LOOK_AGAIN_SECONDS = 0.2  # while an absent token is waited for


@contextmanager
def _exclusive(path: str, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the start lock: SoftHSM loses tokens while another process logs in."""
    with Path(path).open("a") as file:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SignetError(
                        Reason.TOKEN_BUSY,
                        f"the start lock {path} was not free within {seconds:.0f} seconds",
                    ) from None
                time.sleep(0.01)
        yield


@contextmanager
def _absent_suppressed(suppressed: bool) -> Iterator[None]:
    """Go on, if wanted, where the token is not there."""
    try:
        yield
    except SignetError as error:
        if error.reason is not Reason.TOKEN_ABSENT or not suppressed:
            raise


class Worker:
    """Serves the calls that come over one socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._token: Pkcs11Token | None = None
        self._lock_file = ""
        self._has_more = False  # the socket held as much as was asked for
        self._reader = wire.FrameReader()
        self._waiting: deque[wire.Call] = deque()
        self._cancelled: dict[int, int] = {}  # calls, and how many items of each are wanted
        self._done = 0  # items of the batch that is the first call that waits
        self._serve: dict[type, Callable[[Any], wire.Value]] = {
            wire.Open: self._open,
            wire.Login: self._login,
            wire.Renew: lambda c: self._opened.renew(),
            wire.Check: lambda c: self._opened.check(),
            wire.Sign: lambda c: self._opened.sign(c.order),
            wire.ListKeys: lambda c: self._opened.keys(),
            wire.TakeSurvey: lambda c: self._opened.survey(),
            wire.FindTraces: lambda c: self._opened.find_traces(c.key),
            wire.Generate: lambda c: self._opened.generate(c.key_type, c.label, c.cka_id),
            wire.Destroy: lambda c: self._opened.destroy(c.key),
            wire.ReadAttributes: lambda c: self._opened.attributes(c.key),
            wire.StoreCertificate: lambda c: self._opened.store_certificate(c.key, c.der, c.label),
            wire.ReadCertificate: lambda c: self._opened.read_certificate(c.key),
            wire.Close: lambda c: self._opened.close(),
        }

    @property
    def _opened(self) -> Pkcs11Token:
        if self._token is None:
            raise SignetError(Reason.TOKEN_ABSENT, "the worker has not opened its token")
        return self._token

    def _open(self, command: wire.Open) -> wire.Value:
        self._lock_file = command.lock_file
        settings = command.settings
        init_string = profiles.of(settings).init_text(dict(os.environ))  # first of all
        if settings.memory_limit:
            hygiene.limit_memory(settings.memory_limit)
        with _exclusive(self._lock_file):
            library = finder.load_module(settings.module, init_string)
            with _absent_suppressed(command.patience > 0):
                self._token = Pkcs11Token(settings, library)
        if self._token is None:
            self._token = self._wait_for_token(settings, library, command.patience)
        return self._token.info

    @staticmethod
    def _wait_for_token(settings: TokenSettings, library: Any, patience: float) -> Pkcs11Token:
        """Look for an absent token again and again; the start lock is free meanwhile."""
        end = time.monotonic() + patience
        while True:
            time.sleep(LOOK_AGAIN_SECONDS)
            with _absent_suppressed(time.monotonic() < end):
                return Pkcs11Token(settings, library)

    def _login(self, command: wire.Login) -> wire.Value:
        with _exclusive(self._lock_file, command.lock_seconds):
            self._opened.login(Pin(command.pin), accept_final_try=command.accept_final_try)
        return None

    def answer(self, call: wire.Call) -> wire.Reply:
        """Serve one call; every failure becomes a reply."""
        result = self._attempt(call.command, lambda: self._serve[type(call.command)](call.command))
        if isinstance(result, wire.Failure):
            return wire.Reply(call.number, failure=result)
        return wire.Reply(call.number, result)

    @staticmethod
    def _attempt(command: wire.Command, serve: Callable[[], T]) -> T | wire.Failure:
        try:
            return serve()
        except TokenFault as error:
            return wire.Failure(error.reason, error.message, error.ckr, error.remedy)
        except SignetError as error:
            return wire.Failure(error.reason, error.message, error.ckr)
        except Exception as error:  # the process's last line: what went wrong is told, not lost
            text = f"{type(error).__name__} while serving {type(command).__name__}"
            detail = "" if isinstance(command, wire.Login) else f": {error}"
            print(f"{text}{detail}", file=sys.stderr, flush=True)
            return wire.Failure(Reason.INTERNAL, text, remedy=Remedy.WORKER)

    def run(self) -> None:
        """Serve until the socket is closed or a Close is served."""
        while self._receive():
            while self._waiting:
                # What took long: calls behind it may have been given up.
                while self._receive(socket.MSG_DONTWAIT) and self._has_more:
                    continue
                if not self._serve_some():
                    return
            self._cancelled.clear()  # what is left came after its call was served

    def _serve_some(self) -> bool:
        """Serve what waits until it is time to send the replies; say whether to go on."""
        replies: list[wire.Reply] = []
        began = time.monotonic()
        end, closed = began + FLUSH_AFTER_SECONDS, False
        while self._waiting and not closed and time.monotonic() < end:
            call = self._waiting[0]
            if isinstance(call.command, wire.SignMany):
                until = end if replies else began + FLUSH_MANY_AFTER_SECONDS
                replies += self._sign_some(call, call.command, until)
                continue
            self._waiting.popleft()
            replies.append(self._answer_unless_cancelled(call))
            closed = isinstance(call.command, wire.Close)
        self._channel.sendall(wire.encode(replies))
        return not closed

    def _sign_some(self, call: wire.Call, many: wire.SignMany, end: float) -> list[wire.Reply]:
        """Serve a batch until it is time to send the replies; it stays the first until its end.

        It ends at a failure that something has to be done about, before anything else is begun.
        """
        results: list[bytes | wire.Failure] = []
        failure: wire.Failure | None = None
        while self._done < len(many.data) and (not results or time.monotonic() < end):
            result = self._refusal(call, self._done) or self._sign_item(many, many.data[self._done])
            if isinstance(result, wire.Failure) and _ends(result):
                failure = result
                break
            results.append(result)
            self._done += 1
        if failure is not None or self._done == len(many.data):
            self._waiting.popleft()
            self._done = 0
        replies = [wire.Reply(call.number, wire.Signatures(results))] if results else []
        if failure is not None:
            replies.append(wire.Reply(call.number, failure=failure))
        return replies

    def _sign_item(self, many: wire.SignMany, data: bytes) -> bytes | wire.Failure:
        order = SignOrder(
            key=many.key,
            algorithm=many.algorithm,
            input=many.input,
            data=data,
            signer_id=many.signer_id,
            verify=many.verify,
        )
        return self._attempt(many, lambda: self._opened.sign(order))

    def _receive(self, flags: int = 0) -> bool:
        """Take what has come over the socket; say whether the daemon is still there."""
        try:
            data = self._channel.recv(_RECEIVED_BYTES, flags)
        except BlockingIOError:
            self._has_more = False
            return True
        self._has_more = len(data) == _RECEIVED_BYTES
        for frame in self._reader.feed(data):
            for call in wire.decode_calls(frame):
                if isinstance(call.command, wire.Cancel):
                    self._cancelled[call.command.number] = call.command.kept
                else:
                    self._waiting.append(call)
        return bool(data)

    def _answer_unless_cancelled(self, call: wire.Call) -> wire.Reply:
        failure = self._refusal(call)
        return self.answer(call) if failure is None else wire.Reply(call.number, failure=failure)

    def _refusal(self, call: wire.Call, done: int = 0) -> wire.Failure | None:
        """Say that a call, or what is left of it, is not begun, when nobody waits for it."""
        is_late = call.deadline is not None and time.monotonic() > call.deadline
        if is_late or done >= self._cancelled.get(call.number, done + 1):
            return wire.Failure(Reason.DEADLINE_PASSED, "nobody waits for it any more")
        return None


def _ends(failure: wire.Failure) -> bool:
    """Whether nothing may be begun behind this failure."""
    return failure.remedy is not Remedy.NONE or failure.reason is Reason.DEADLINE_PASSED


def main() -> None:
    """Take the socket over and serve."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    hygiene.die_with_parent(parent)
    hygiene.forbid_dumps()
    with socket.socket(fileno=descriptor) as channel:
        channel.set_inheritable(False)  # not for what the module may start
        Worker(channel).run()


if __name__ == "__main__":
    main()
