"""One gRPC server per listener, each with its own way to know its callers."""

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from signetd.daemon.config import Listener, TcpListener, UnixListener
from signetd.daemon.credentials import Clock, CrlFile, utc_now
from signetd.daemon.errors import StartError
from signetd.daemon.rpc.callers import identity_source, read_crl
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.rules import SERVICES
from signetd.daemon.rpc.socket_file import hand_over, remove_own, remove_stale, umask
from signetd.daemon.rpc.tls import accepts_tls12

MAX_REQUEST_BYTES: Final = 16 << 20
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_metadata_size", 16 << 10),
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.so_reuseport", 0),  # A second daemon on the port is an error, not half of the callers.
    # TLS and the HTTP/2 preface; a connection that is silent from its start ends with this.
    ("grpc.server_handshake_timeout_ms", 10_000),
    # A connection without calls is closed after this, and opened again by the client's gRPC.
    ("grpc.max_connection_idle_ms", 600_000),
    # A peer that does not answer pings is gone: its connection and its calls end. With calls and
    # without, since nothing else tells a half-open connection from an idle one.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    (
        "grpc.http2.ping_timeout_ms",
        20_000,
    ),  # without it grpcio 1.85 waits for a minute all the same
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    ("grpc.http2.max_ping_strikes", 3),
)
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


@dataclass
class Bound:
    """A server that is bound to its address, before and after its start.

    `crl` are the revocation lists of its clients' CAs, which are followed while it runs.
    """

    server: aio.Server
    listener: Listener
    port: int = 0
    inode: int = 0
    crl: CrlFile | None = None
    _following: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where clients reach it: unix:PATH, or HOST:PORT."""
        if isinstance(self.listener, UnixListener):
            return f"unix:{self.listener.unix}"
        host = self.listener.tcp.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    async def start(self) -> None:
        """Take calls from now on."""
        await self.server.start()
        if self.crl is not None:
            self._following = asyncio.create_task(self.crl.follow())

    async def prove(self) -> None:
        """Raise StartError if the server, which has been started, takes less than TLS 1.3."""
        if isinstance(self.listener, UnixListener):
            return
        host = self.listener.tcp.host
        try:
            weak = await accepts_tls12(_ANY.get(host, host), self.port)
        except (OSError, TimeoutError) as error:
            raise StartError(
                f"{self.address}: cannot find out whether TLS 1.2 is refused: {error!r}"
            ) from None
        if weak:
            raise StartError(
                f"{self.address}: gRPC accepts TLS 1.2 although only TLS 1.3 is allowed; this "
                "version of grpcio cannot be used."
            )

    async def stop(self, grace: float | None) -> None:
        """Take no new calls, wait up to *grace* seconds for those under way, remove the socket."""
        try:
            await self.server.stop(grace)
        finally:  # until here calls were answered, and certificates looked at
            if self._following is not None:
                self._following.cancel()
                await asyncio.wait({self._following})
        if isinstance(self.listener, UnixListener):
            remove_own(self.listener.unix, self.inode)


def bind(
    listener: Listener,
    dispatcher: Dispatcher,
    health: Health,
    connections: int,
    clock: Clock = utc_now,
) -> Bound:
    """Make a server of at most so many connections and bind it to its address; raises StartError.

    A connection beyond that is closed at once, which its client sees as UNAVAILABLE. *clock* is
    what certificates are held against.
    """
    crl = read_crl(listener, clock)
    # No maximum_concurrent_rpcs: the dispatcher's admission comes first and says why it refuses.
    most = ("grpc.max_allowed_incoming_connections", connections)
    server = aio.server(options=(*_OPTIONS, most))
    source = identity_source(listener, crl, clock)
    server.add_generic_rpc_handlers(dispatcher.handlers(source))
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection(_reflected(), server)
    if isinstance(listener, UnixListener):
        return _bind_socket(server, listener)
    return _bind_tcp(server, listener, crl)


def _reflected() -> list[str]:
    names = [service.full_name for service in SERVICES]
    names.append(health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
    return [*names, reflection.SERVICE_NAME]


def _bind_tcp(server: aio.Server, listener: TcpListener, crl: CrlFile | None) -> Bound:
    try:
        pair = (listener.private_key.read_bytes(), listener.certificate.read_bytes())
        roots = listener.client_ca.read_bytes()
    except OSError as error:
        raise StartError(f"{error.filename} cannot be read: {error.strerror}.") from None
    credentials = grpc.ssl_server_credentials(
        [pair], root_certificates=roots, require_client_auth=True
    )
    try:
        port = server.add_secure_port(str(listener.tcp), credentials)
    except RuntimeError:
        raise StartError(
            f"cannot listen on {listener.tcp}: the address is in use or not of this machine, or "
            f"{listener.certificate}, {listener.private_key} and {listener.client_ca} are not a "
            "PEM certificate, its key and CA certificates."
        ) from None
    return Bound(server, listener, port=port, crl=crl)


def _bind_socket(server: aio.Server, listener: UnixListener) -> Bound:
    path = listener.unix
    remove_stale(path)
    try:
        with umask(0o177):
            # gRPC reads the address as a URI.
            server.add_insecure_port("unix:" + quote(str(path)))
        hand_over(listener)
        return Bound(server, listener, inode=path.stat().st_ino)
    except RuntimeError:
        raise StartError(
            f"cannot listen on {path}: see whether its folder can be written."
        ) from None
    except (OSError, LookupError) as error:
        raise StartError(f"cannot set owner and mode of {path}: {error}") from None


async def stop_all(servers: list[Bound], grace: float | None) -> None:
    """Stop servers together."""
    await asyncio.gather(*(server.stop(grace) for server in servers))
