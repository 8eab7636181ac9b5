"""Sockets and mutual TLS: who gets in, and who does not."""

import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc import StatusCode, aio

from signetd.daemon.dev.certificates import ensure_certificates
from signetd.daemon.errors import StartError
from signetd.daemon.rpc.socket_file import remove_stale

LIST_KEYS = "/signetd.api.v1.KeyService/ListKeys"


def _credentials(trusted: Path, own: Path | None) -> grpc.ChannelCredentials:
    """Credentials of a client that trusts the CA in `trusted`, with the certificate in `own`."""
    ca = (trusted / "client" / "ca.pem").read_bytes()
    if own is None:
        return grpc.ssl_channel_credentials(ca)
    key, certificate = ((own / "client" / f"client.{kind}").read_bytes() for kind in ("key", "pem"))
    return grpc.ssl_channel_credentials(ca, key, certificate)


async def _code(channel: aio.Channel) -> StatusCode:
    async with channel:
        try:
            await cast(Any, channel).unary_unary(LIST_KEYS)(b"", timeout=5)
        except aio.AioRpcError as error:
            return error.code()
    return StatusCode.OK


async def test_certificate_of_our_ca_gets_in(service: Any, folder: Path) -> None:
    address = await service.serve_tcp()
    assert await _code(aio.secure_channel(address, _credentials(folder, folder))) is StatusCode.OK


async def test_other_ca_none_and_plaintext_are_refused(service: Any, folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    ensure_certificates(other)
    address = await service.serve_tcp()
    channels = {
        "a certificate of another CA": aio.secure_channel(address, _credentials(folder, other)),
        "no certificate": aio.secure_channel(address, _credentials(folder, None)),
        "plaintext": aio.insecure_channel(address),
    }
    for what, channel in channels.items():
        assert await _code(channel) is StatusCode.UNAVAILABLE, f"{what} must not get in"
    assert service.keys.asked == []


async def test_socket_gets_its_mode(service: Any, folder: Path) -> None:
    await service.serve_socket("both", mode="0660")
    await service.serve_socket("signer")
    assert (folder / "both.sock").stat().st_mode & 0o777 == 0o660
    assert (folder / "signer.sock").stat().st_mode & 0o777 == 0o600


async def test_live_socket_is_refused_and_goes_on(service: Any, both: Any) -> None:
    with pytest.raises(StartError, match="in use by a running daemon"):
        await service.serve_socket("both")
    await both.raw(LIST_KEYS, b"")


async def test_socket_of_a_dead_daemon_is_replaced(service: Any, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "both.sock"))
    assert await _code(aio.insecure_channel(await service.serve_socket("both"))) is StatusCode.OK


async def test_stopping_removes_the_socket(service: Any, folder: Path) -> None:
    await service.serve_socket("both")
    await service.running[0].stop(None)
    assert not (folder / "both.sock").exists()


def test_file_in_the_way_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(StartError, match="is not a socket"):
        remove_stale(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"


_SERVE = """
    import asyncio, sys
    {setup}
    import grpc
    from signetd.daemon.rpc.tls import accepts_tls12

    async def main():
        read = lambda name: open(sys.argv[1] + name, "rb").read()
        server = grpc.aio.server()
        credentials = grpc.ssl_server_credentials(
            [(read("/server/server.key"), read("/server/server.pem"))], read("/client/ca.pem"), True
        )
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()
        print(await accepts_tls12("127.0.0.1", port), port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await server.stop(None)

    asyncio.run(main())
"""


@pytest.mark.parametrize("only_13", [True, False])
def test_tls13_is_the_only_version(tmp_path: Path, only_13: bool) -> None:
    """openssl and the daemon's own proof agree; without the setup both see TLS 1.2 accepted."""
    ensure_certificates(tmp_path)
    setup = "from signetd.daemon.rpc.tls import require_tls13; require_tls13()" if only_13 else ""
    program = textwrap.dedent(_SERVE).format(setup=setup)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            weak, port = server.stdout.readline().split()
            assert weak == str(not only_13)
            assert "TLSv1.3" in _negotiated(tmp_path, port, "-tls1_3")
            assert ("TLSv1.2" in _negotiated(tmp_path, port, "-tls1_2")) is not only_13
        finally:
            server.stdin.close()
            server.wait(20)


def _negotiated(folder: Path, port: str, version: str) -> str:
    client = folder / "client"
    done = subprocess.run(
        [
            *("openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-alpn", "h2"),
            *("-CAfile", client / "ca.pem", "-cert", client / "client.pem"),
            *("-key", client / "client.key"),
        ],
        input=b"",
        capture_output=True,
        timeout=20,
        check=False,
    )
    lines = done.stdout.decode(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("New, ")), "")
