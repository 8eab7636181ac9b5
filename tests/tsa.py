"""A time-stamping authority for tests: ``with tsa(folder, kind="sm2") as url``.

Its trust folder is FOLDER/trust. RSA and ECDSA tokens are made by ``openssl ts``; openssl 3.0 signs
no token with SM2, so that those are written here byte by byte, and signed by the openssl command.
"""

import contextlib
import datetime
import hashlib
import http.server
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn1crypto import tsp  # type: ignore[import-untyped]  # it ships no types
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.unit.pki import forest, holders, making
from tests.unit.pki.forest import Entity
from tests.unit.pki.making import Extension, tlv

POLICY: Final = "1.2.3.4.1"
TIME_STAMPING: Final = ExtendedKeyUsageOID.TIME_STAMPING
REPLY: Final = "application/timestamp-reply"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
GB_SIGNED_DATA: Final = "1.2.156.10197.6.1.4.2.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
HASHES: Final = {
    "sha1": "300906052b0e03021a0500",
    "sha256": "300d06096086480165030402010500",
    "sm3": "300a06082a811ccf55018311",
}
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_ID_V1, _ID_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
DAY: Final = datetime.timedelta(days=1)
_CONFIG: Final = f"""
[tsa]
default_tsa = own
[own]
serial = serial
default_policy = {POLICY}
signer_digest = sha256
digests = sha256, sha384, sha512, sm3
accuracy = secs:1, millisecs:500
ordering = no
tsa_name = yes
ess_cert_id_chain = no
"""


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def purpose(*oids: x509.ObjectIdentifier, critical: bool = True) -> Extension:
    """Write extKeyUsage, for time stamps unless said otherwise."""
    oid, _, value = making.purposes(*(oids or (TIME_STAMPING,)))
    return oid, critical, value


def digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data).digest()


@dataclass
class Authority:
    """A root, a CA and the certificate of a TSA, with *purposes* and *life*; makes tokens.

    *changes* are arguments of token(), to make wrong ones.
    """

    folder: Path
    kind: str = "sm2"
    purposes: Extension | None = field(default_factory=purpose)
    life: tuple[datetime.datetime, datetime.datetime] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    serial: int = 0x1001

    def __post_init__(self) -> None:
        wide = (now() - 50 * DAY, now() + 50 * DAY)
        self.root = forest.root(self.kind, "tsa root", "tsa root", life=wide)
        self.ca = self.root.ca("tsa ca", life=wide)
        given = (making.usage("digital_signature"), *([self.purposes] if self.purposes else []))
        self.signer = self.ca.leaf("tsa", given=given, life=self.life or wide)
        (self.folder / "trust").mkdir(parents=True, exist_ok=True)
        (self.trust / "root.pem").write_bytes(self.root.pem)
        for name, content in {
            "signer.pem": self.signer.pem,
            "signer.key": self.signer.key.pem,
            "chain.pem": self.ca.pem,
            "config": _CONFIG.encode(),
        }.items():
            (self.folder / name).write_bytes(content)

    @property
    def trust(self) -> Path:
        return self.folder / "trust"

    def reply(self, request: bytes) -> bytes:
        """Answer a TimeStampReq, DER."""
        if self.kind == "sm2" or self.changes:
            return granted(self.token(request, **self.changes))
        return self._openssl(request)

    def _openssl(self, request: bytes) -> bytes:
        (self.folder / "query").write_bytes(request)
        options = ["-signer", "signer.pem", "-inkey", "signer.key", "-chain", "chain.pem"]
        done = subprocess.run(
            ["openssl", "ts", "-reply", "-config", "config", "-queryfile", "query", *options],
            cwd=self.folder,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, f"openssl ts -reply failed: {done.stderr.decode()}"
        return done.stdout

    def token(self, request: bytes, **changes: Any) -> bytes:
        """Write a token for a TimeStampReq; *changes* are arguments of tst_info() and signed()."""
        asked = tsp.TimeStampReq.load(request)
        self.serial += 1
        nonce = asked["nonce"].native
        info = {
            name: changes.pop(name)
            for name in ("version", "imprint", "at", "policy", "fraction", "accuracy", "name",
                         "more", "ordering")
            if name in changes
        }  # fmt: skip
        info.setdefault("imprint", asked["message_imprint"].dump())
        info.setdefault("policy", asked["req_policy"].native or POLICY)
        content = tst_info(self.serial, nonce=changes.pop("nonce", nonce), **info)
        return signed(content, self.signer, (self.ca,), **changes)


def tst_info(
    serial: int,
    *,
    imprint: bytes,
    nonce: int | None = None,
    version: int = 1,
    at: datetime.datetime | None = None,
    policy: str = POLICY,
    fraction: bytes = b"",
    accuracy: bytes = b"",
    ordering: bytes = b"",
    name: bytes = b"",
    more: bytes = b"",
) -> bytes:
    moment = (at or now()).strftime("%Y%m%d%H%M%S").encode()
    return tlv(
        0x30,
        making.integer(version),
        making.oid(policy),
        imprint,
        making.integer(serial),
        tlv(0x18, moment, fraction, b"Z"),
        accuracy,
        ordering,
        b"" if nonce is None else making.integer(nonce),
        tlv(0xA0, name) if name else b"",
        more,
    )


def certificate_id(certificate: bytes, used: str, *, v1: bool = False, more: bytes = b"") -> bytes:
    """Write the attribute that names a certificate."""
    named = b"" if v1 or used == "sha256" else bytes.fromhex(HASHES[used])
    one = tlv(0x30, named, tlv(4, digest(used, certificate)), more)
    return attribute(_ID_V1 if v1 else _ID_V2, tlv(0x30, tlv(0x30, one)))


def attribute(kind: str, *values: bytes) -> bytes:
    return tlv(0x30, making.oid(kind), tlv(0x31, *values))


def attributes(content: bytes, signer: Entity, used: str) -> tuple[bytes, ...]:
    """Return the signed attributes that every token has."""
    return (
        attribute(_CONTENT_TYPE, making.oid(TST_INFO)),
        attribute(_MESSAGE_DIGEST, tlv(4, digest(used, content))),
        certificate_id(signer.der, used),
    )


def signed(
    content: bytes,
    signer: Entity,
    chain: Sequence[Entity] = (),
    *,
    used: str = "",
    outer: str = SIGNED_DATA,
    content_type: str = TST_INFO,
    bare: bool = False,
    algorithm: bytes = b"",
    attrs: Callable[[bytes], Sequence[bytes]] | None = None,
    sign: Callable[[bytes], bytes] | None = None,
    signers: int = 1,
    by_key: bool = False,
    certificates: Sequence[bytes] | None = None,
    lists: Sequence[bytes] = (),
) -> bytes:
    """Write SignedData around TSTInfo; *bare* is without OCTET STRING, as PKCS #7 has it."""
    used = used or ("sm3" if signer.key.kind == "sm2" else "sha256")
    digested = _inside(content) if bare else content
    written = (attrs or (lambda data: attributes(data, signer, used)))(digested)
    inside = b"".join(sorted(written))
    sign = sign or (lambda data: holders.sign(signer.key, data))
    info = tlv(
        0x30,
        making.integer(3 if by_key else 1),
        _identifier(signer, by_key),
        bytes.fromhex(HASHES[used]),
        tlv(0xA0, inside) if inside else b"",
        algorithm or holders.algorithm(signer.key),
        tlv(4, sign(tlv(0x31, inside) if inside else digested)),
    )
    given = [signer.der, *(each.der for each in chain)] if certificates is None else certificates
    data = tlv(
        0x30,
        making.integer(1 if bare else 3),
        tlv(0x31, bytes.fromhex(HASHES[used])),
        tlv(0x30, making.oid(content_type), tlv(0xA0, content if bare else tlv(4, content))),
        tlv(0xA0, *given) if given else b"",
        tlv(0xA1, *lists) if lists else b"",
        tlv(0x31, *([info] * signers)),
    )
    return tlv(0x30, making.oid(outer), tlv(0xA0, data))


def _identifier(signer: Entity, by_key: bool) -> bytes:
    if by_key:
        return tlv(0x80, signer.key.identifier)
    return tlv(0x30, making.name("tsa ca"), making.integer(signer.serial))


def _inside(element: bytes) -> bytes:
    size = element[1]
    return element[2 + (size & 0x7F if size & 0x80 else 0) :]


def granted(token: bytes) -> bytes:
    return tlv(0x30, tlv(0x30, making.integer(0)), token)


def refused(status: int = 2, failure: int | None = None, text: str = "") -> bytes:
    """Write a response without a token; *failure* is a bit of PKIFailureInfo."""
    said = tlv(0x30, tlv(0x0C, text.encode())) if text else b""
    bits = b""
    if failure is not None:
        octets = bytearray(failure // 8 + 1)
        octets[-1] = 0x80 >> failure % 8
        bits = tlv(3, bytes([7 - failure % 8]), bytes(octets))
    return tlv(0x30, tlv(0x30, making.integer(status), said, bits))


class Reply(NamedTuple):
    """What a server answers; it sends the content in pieces with *pause* seconds after each."""

    content: bytes
    status: int = 200
    kind: str = REPLY
    more: tuple[tuple[str, str], ...] = ()
    pause: float = 0.0
    length: int | None = None


Answer = Callable[[bytes, dict[str, str]], Reply]
"""From the request's content and headers."""


@contextlib.contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve *answer* over HTTP on a free port, with *tls* for localhost; yields the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 20.0

        def do_POST(self) -> None:
            given = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            # Those who hang up are what some tests are about.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._send(answer(given, headers))

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            size = len(reply.content) if reply.length is None else reply.length
            self.send_header("Content-Length", str(size))
            for name, value in reply.more:
                self.send_header(name, value)
            self.end_headers()
            step = 1 if reply.pause else 65536
            for start in range(0, len(reply.content), step):
                self.wfile.write(reply.content[start : start + step])
                if reply.pause and stopped.wait(reply.pause):
                    return

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    stopped = threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False  # closing waits for them, so that no socket is left
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            host = "http://127.0.0.1" if tls is None else "https://localhost"
            yield f"{host}:{server.server_port}/tsa"
        finally:
            stopped.set()
            server.shutdown()
            thread.join(10)


@contextlib.contextmanager
def tsa(folder: Path, kind: str = "sm2", **options: Any) -> Iterator[str]:
    """Run an authority of a kind (sm2, rsa, ec); yields its address. FOLDER/trust has its root."""
    authority = Authority(folder, kind, **options)
    turn = threading.Lock()  # openssl keeps the serial number in a file

    def answer(request: bytes, headers: dict[str, str]) -> Reply:
        assert headers["content-type"] == "application/timestamp-query", headers
        with turn:
            return Reply(authority.reply(request))

    with serving(answer) as url:
        yield url
