"""One request to one authority over HTTP, in a thread; everything in it is bounded."""

import http.client
import socket
import threading
import time
from typing import Final

from signetd.daemon.config import TsaUrl
from signetd.daemon.timestamps.access import Access
from signetd.daemon.timestamps.errors import AttemptError
from signetd.pki.timestamp.messages import MAX_BYTES

QUERY: Final = "application/timestamp-query"
REPLY: Final = "application/timestamp-reply"
_CHUNK: Final = 16 * 1024
_RETRIED: Final = frozenset({408, 425, 429})
_LONGEST_TEXT: Final = 200


class Exchange:
    """A request that can be ended from another thread, whatever it is waiting for.

    Timeouts of sockets are for each step; who sends a byte a second is ended by abort().
    """

    def __init__(self, url: TsaUrl, seconds: float) -> None:
        self._url = url
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._aborted = False

    def run(self, content: bytes, access: Access) -> bytes:
        """Send *content*, and return what the authority answers. Blocks. Raises AttemptError."""
        try:
            return self._run(content, access)
        except TimeoutError:
            raise AttemptError("it did not answer in time", passing=True) from None
        except (OSError, http.client.HTTPException) as error:
            text = _short(str(error) or type(error).__name__)
            raise AttemptError(f"the connection failed ({text})", passing=True) from None
        finally:
            self._close()

    def abort(self) -> None:
        """End the request, if it is still going on: run() then raises."""
        with self._lock:
            self._aborted = True
            if self._socket is not None:
                try:
                    # Not that of SSLSocket, which takes the TLS away under the reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    return  # the other end has hung up already

    def _run(self, content: bytes, access: Access) -> bytes:
        url = self._url
        self._use(socket.create_connection((url.host, url.port), self._left()))
        if url.secure:
            self._secure(access)
        kind = http.client.HTTPSConnection if url.secure else http.client.HTTPConnection
        connection = kind(url.host, url.port)
        connection.sock = self._socket
        headers = {"Content-Type": QUERY, "Accept": REPLY, "Connection": "close"}
        if access.authorization:
            headers["Authorization"] = access.authorization
        connection.request("POST", url.target, content, headers)
        with connection.getresponse() as response:
            _check(response)
            return self._content(response)

    def _secure(self, access: Access) -> None:
        if access.context is None or self._socket is None:
            raise AttemptError("it needs TLS, and there is none")
        wrapped = access.context.wrap_socket(
            self._socket, server_hostname=self._url.host, do_handshake_on_connect=False
        )
        wrapped.settimeout(self._left())
        self._use(wrapped)
        wrapped.do_handshake()

    def _content(self, response: http.client.HTTPResponse) -> bytes:
        found = bytearray()
        while chunk := response.read1(_CHUNK):
            found += chunk
            if len(found) > MAX_BYTES:
                raise AttemptError(f"its answer has more than {MAX_BYTES} bytes")
            self._left()
        if response.length:
            raise AttemptError("its answer was cut short", passing=True)
        return bytes(found)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0 or self._aborted:
            raise TimeoutError
        return left

    def _use(self, connected: socket.socket) -> None:
        with self._lock:
            self._socket = connected
            if self._aborted:
                raise TimeoutError

    def _close(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


def _check(response: http.client.HTTPResponse) -> None:
    """Refuse what is no time-stamp response (RFC 3161, 3.4). Raises AttemptError."""
    status = response.status
    if 300 <= status < 400:
        raise AttemptError(
            f"it answers with HTTP {status}, a redirect, which is not followed: write the address "
            "that it leads to"
        )
    if status != http.client.OK:
        raise AttemptError(f"it answers with HTTP {status}", passing=_may_pass(status))
    kind = (response.getheader("Content-Type") or "nothing").partition(";")[0].strip().lower()
    if kind != REPLY:
        raise AttemptError(f"it answers with {_short(kind)}, not {REPLY}: is the address right?")
    if (response.length or 0) > MAX_BYTES:
        raise AttemptError(f"its answer has more than {MAX_BYTES} bytes")


def _may_pass(status: int) -> bool:
    return status >= http.client.INTERNAL_SERVER_ERROR or status in _RETRIED


def _short(text: str) -> str:
    """Make what came from others fit for a line of the log."""
    safe = "".join(c if c.isprintable() else "�" for c in text)
    return safe if len(safe) <= _LONGEST_TEXT else safe[:_LONGEST_TEXT] + "…"
