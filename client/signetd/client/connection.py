"""Endpoints and channels: a Unix socket, or TCP with mutual TLS; never plaintext TCP."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from signetd.client.errors import InvalidRequest

OPTIONS: Final = (
    ("grpc.max_receive_message_length", 128 << 20),  # stamps hold whole seals, and batches many
    ("grpc.max_send_message_length", 16 << 20),
    # So that a watch ends when the daemon's machine is gone without a word.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.enable_retries", 0),  # this client tries again where the daemon says that it may
    ("grpc.enable_http_proxy", 0),
)

_HOST_AND_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):\d{1,5}")


@dataclass(frozen=True)
class Endpoint:
    """Where a daemon listens, and the PEM files of mutual TLS for TCP.

    ``address`` is ``unix:/path`` or ``host:port``.
    """

    address: str
    ca: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None

    def __post_init__(self) -> None:
        if not self.address:
            raise InvalidRequest("no endpoint is given: unix:/path or host:port")
        if self.is_unix:
            return
        if not _HOST_AND_PORT.fullmatch(self.address):
            raise InvalidRequest(
                f"the endpoint {self.address!r} is neither unix:/path nor host:port, "
                "as unix:/run/signetd/signetd.sock or hsm.example:7443"
            )
        if not (self.ca and self.certificate and self.private_key):
            raise InvalidRequest(
                f"{self.address} is TCP, which takes mutual TLS: give the CA, the client's "
                "certificate and its private key"
            )

    @property
    def is_unix(self) -> bool:
        """Whether it is a Unix socket."""
        return self.address.startswith("unix:")

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the PEM files. Raises InvalidRequest naming the one that is of no use."""
        read = (_read(self.ca), _read(self.private_key), _read(self.certificate))
        self._check_files()
        return grpc.ssl_channel_credentials(*read)

    def _check_files(self) -> None:
        """Have OpenSSL look at the files: gRPC would only say that the handshake failed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(self.ca)
        except ssl.SSLError:
            raise InvalidRequest(f"{self.ca} holds no certificate of a CA in PEM") from None
        try:
            # An encrypted key would be asked for on the terminal without a password given here.
            context.load_cert_chain(self.certificate or "", self.private_key, password="")
        except ssl.SSLError as error:
            raise InvalidRequest(self._why_not(error)) from None

    def _why_not(self, error: ssl.SSLError) -> str:
        pair = f"{self.certificate} and {self.private_key}"
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{pair} do not belong together: the certificate is of another key"
        return f"{pair} are not a certificate and its private key in PEM, without a password"


def _read(path: Path | None) -> bytes:
    try:
        return Path(path or "").read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}") from error
