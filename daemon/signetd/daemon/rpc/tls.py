"""Keeps TLS below 1.3 out. This module must not import grpc.

grpcio's Python API cannot set a lowest version. Its cipher list counts for TLS 1.2 only, so a list
of nothing but pre-shared key suites, for which no key exists, leaves TLS 1.3 as the one version
that can be negotiated. gRPC reads the list once, before the first server or channel is made;
listeners therefore prove after their start that it took effect.
"""

import asyncio
import os
import ssl

CIPHER_VARIABLE = "GRPC_SSL_CIPHER_SUITES"
NO_TLS12_CIPHERS = "PSK-AES128-CBC-SHA"
_HANDSHAKE = 0x16  # the type of the record that a ServerHello comes in (RFC 5246, 6.2.1)


def require_tls13() -> None:
    """Make TLS 1.2 and older fail in this process's gRPC; to be called before grpc is used."""
    os.environ[CIPHER_VARIABLE] = NO_TLS12_CIPHERS
    # The library's own lines are not in the log's format; refused handshakes are not news.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


async def accepts_tls12(host: str, port: int, timeout: float = 5.0) -> bool:
    """Whether a server answers the offer of TLS 1.2. Raises OSError or TimeoutError (seconds)."""
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(_client_hello())
            await writer.drain()
            answer = await reader.read(1)
        except ConnectionResetError:
            return False
        finally:
            writer.close()
    return answer == bytes([_HANDSHAKE])


def _client_hello() -> bytes:
    # Nothing is sent over the session that this offer begins, so no certificate is looked at.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    outgoing = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake cannot end before the server has answered")
