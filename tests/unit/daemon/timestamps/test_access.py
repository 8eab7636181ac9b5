"""Authorities with https, that ask for a password or a certificate; nothing secret is told."""

import base64
import ssl
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509

from signetd.daemon.timestamps.access import Access
from tests import tsa
from tests.tsa import Reply
from tests.unit.daemon.timestamps.scene import config, failure, stamped
from tests.unit.pki import forest, making

PASSWORD: Final = "hünter2"
LIFE: Final = (tsa.now() - tsa.DAY, tsa.now() + tsa.DAY)


class Web:
    """A CA for the servers and clients of https, and files of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = forest.root("ec", "web root", "web root", life=LIFE)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")]).public_bytes()
        for name, purpose in (("server", making.SERVER_AUTH), ("client", making.CLIENT_AUTH)):
            given = (making.usage("digital_signature"), making.purposes(purpose),
                     ("2.5.29.17", False, names))  # fmt: skip
            self._write(name, self.root.leaf(name, given=given, life=LIFE))
        (folder / "ca.pem").write_bytes(self.root.pem)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o600)

    def _write(self, name: str, entity: forest.Entity) -> None:
        (self.folder / f"{name}.pem").write_bytes(entity.pem)
        (self.folder / f"{name}.key").write_bytes(entity.key.pem)
        (self.folder / f"{name}.key").chmod(0o600)

    def context(self, *, clients: bool = False) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        if clients:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(self.folder / "ca.pem")
        return made

    def options(self, *names: str) -> dict[str, Any]:
        known: dict[str, Any] = {
            "server_ca": self.folder / "ca.pem",
            "client_certificate": self.folder / "client.pem",
            "client_key": self.folder / "client.key",
            "user": "signetd",
            "password_file": self.folder / "password",
        }
        return {name: known[name] for name in ("server_ca", *names)}


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(tmp_path)


async def test_https(web: Web, tmp_path: Path) -> None:
    authority = tsa.Authority(tmp_path)
    seen: list[dict[str, str]] = []

    def answer(request: bytes, headers: dict[str, str]) -> Reply:
        seen.append(headers)
        return Reply(authority.reply(request))

    with tsa.serving(answer, web.context()) as url:
        await stamped(config(tmp_path, url, **web.options()))
        assert "authorization" not in seen[0]
        await stamped(config(tmp_path, url, **web.options("user", "password_file")))
    scheme, _, value = seen[1]["authorization"].partition(" ")
    assert (scheme, base64.b64decode(value).decode()) == ("Basic", f"signetd:{PASSWORD}")


async def test_a_server_that_nobody_vouches_for(web: Web, tmp_path: Path) -> None:
    asked = []

    def answer(request: bytes, headers: dict[str, str]) -> Reply:
        asked.append(request)
        return Reply(b"")

    with tsa.serving(answer, web.context()) as url:
        tsa.Authority(tmp_path)
        error = await failure(config(tmp_path, url))
        assert "CERTIFICATE_VERIFY_FAILED" in error.message
        other = config(tmp_path, url.replace("localhost", "127.0.0.1"), **web.options())
        error = await failure(other)
        assert "CERTIFICATE_VERIFY_FAILED" in error.message
    assert not asked, "nothing is sent before the server is known"


async def test_a_server_that_asks_for_a_certificate(web: Web, tmp_path: Path) -> None:
    authority = tsa.Authority(tmp_path)
    context = web.context(clients=True)
    with tsa.serving(lambda request, _: Reply(authority.reply(request)), context) as url:
        await stamped(config(tmp_path, url, **web.options("client_certificate", "client_key")))
        error = await failure(config(tmp_path, url, **web.options()))
        assert "the connection failed" in error.message


async def test_a_server_that_does_not_finish_its_handshake(web: Web, tmp_path: Path) -> None:
    """Without TLS on its side, it waits for a request as we wait for its part."""
    tsa.Authority(tmp_path)
    with tsa.serving(lambda *_: Reply(b"")) as url:
        https = url.replace("http://127.0.0.1", "https://localhost")
        error = await failure(config(tmp_path, https, attempt_timeout=1.0, **web.options()))
    assert https in error.message


@pytest.mark.parametrize(
    ("name", "content", "mode", "says"),
    [
        ("password", None, 0, "cannot be read"),
        ("password", PASSWORD, 0o644, "mode 0644"),
        ("password", f"{PASSWORD}\n{PASSWORD}", 0o600, "one line"),
        ("client.key", None, 0, "cannot be used"),
        ("client.key", "no key", 0o600, "cannot be used"),
        ("client.key", "", 0o644, "mode 0644"),
        ("ca.pem", "no certificate", 0o600, "cannot be used"),
    ],
)
async def test_files_that_are_not_in_order(
    web: Web, tmp_path: Path, name: str, content: str | None, mode: int, says: str
) -> None:
    file = tmp_path / name
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
        file.chmod(mode)
    everything = web.options("user", "password_file", "client_certificate", "client_key")
    with tsa.tsa(tmp_path) as url:
        https = url.replace("http://127.0.0.1", "https://localhost")
        error = await failure(config(tmp_path, https, **everything))
    assert says in error.message
    assert PASSWORD not in error.message


def test_what_is_secret_is_not_shown() -> None:
    assert PASSWORD not in repr(Access(None, PASSWORD))
