"""Endpoints and channels: a Unix socket, or TCP with mutual TLS; never plaintext TCP."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from signetd.client.errors import InvalidRequest

OPTIONS: Final = (
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_send_message_length", 16 << 20),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.enable_retries", 0),  # this client tries again where the daemon says that it may
    ("grpc.enable_http_proxy", 0),
)


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
        if not self.is_unix and not (self.ca and self.certificate and self.private_key):
            raise InvalidRequest(
                f"{self.address} is TCP, which takes mutual TLS: give the CA, the client's "
                "certificate and its private key"
            )

    @property
    def is_unix(self) -> bool:
        """Whether it is a Unix socket."""
        return self.address.startswith("unix:")

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the PEM files. Raises InvalidRequest naming the one that cannot be read."""
        return grpc.ssl_channel_credentials(
            _read(self.ca), _read(self.private_key), _read(self.certificate)
        )


def _read(path: Path | None) -> bytes:
    try:
        return Path(path or "").read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}") from error
