"""A clock that is set by hand, and a file of revocation lists that is replaced as a CA would."""

from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509

from signetd.daemon.credentials import Authorities, CrlFile
from signetd.daemon.credentials.authorities import Link
from signetd.drivers.errors import SignetError
from tests.unit.daemon.certificates import CLIENT, NOW, Authority, Holder, pem, root


class HandClock:
    """Shows the time that was set last."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class Published:
    """A file with lists, and those who are checked by it."""

    def __init__(self, path: Path, clock: HandClock) -> None:
        self.path = path
        self.clock = clock
        self.authorities = Authorities([])

    def open(self, *authorities: Authority) -> CrlFile:
        self.authorities = Authorities.read(b"".join(each.pem for each in authorities))
        return CrlFile(self.path, self.authorities, self.clock)

    def put(self, *lists: x509.CertificateRevocationList) -> None:
        self.put_bytes(pem(*lists))

    def put_bytes(self, content: bytes) -> None:
        new = self.path.with_suffix(".new")
        new.write_bytes(content)
        new.replace(self.path)

    def links(self, holder: Holder) -> tuple[Link, ...]:
        return self.authorities.links(holder.certificate)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def published(tmp_path: Path, clock: HandClock) -> Published:
    made = Published(tmp_path / "crl.pem", clock)
    made.put(root().crl())
    return made


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the log says of problems."""
    said: list[str] = []
    monkeypatch.setattr(
        "signetd.daemon.credentials.crl_file._log.error",
        lambda event, **facts: said.append(str(facts.get("problem", event))),
        raising=False,
    )
    return said


@pytest.fixture
def holder() -> Holder:
    return root().issue(CLIENT)


def refusal(file: CrlFile, published: Published, holder: Holder) -> SignetError:
    with pytest.raises(SignetError) as caught:
        file.check(published.links(holder), published.clock())
    return caught.value


def passes(file: CrlFile, published: Published, holder: Holder) -> None:
    file.check(published.links(holder), published.clock())
