"""Client certificates over mutual TLS: what the handshake refuses, and what every call refuses."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from cryptography import x509
from grpc import aio

from signetd.daemon.config import Log
from signetd.daemon.credentials import CertificateIdentity, Presented
from signetd.daemon.policy.types import Credential
from tests.unit.daemon.certificates import (
    CLIENT,
    CLIENT_AUTH,
    DAY,
    NOW,
    SERVER_AUTH,
    Holder,
    forger,
    root,
)
from tests.unit.daemon.rpc.conftest import Service, refusal_of
from tests.unit.daemon.rpc.mtls import Listener, reason_of, served, turned_away

ANY_USAGE = x509.ObjectIdentifier("2.5.29.37.0")


@pytest.fixture
async def listener(service: Service) -> AsyncIterator[Listener]:
    made = Listener(service)
    yield made
    await made.close()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Presented]:
    """What the daemon has learned of its callers."""
    found: list[Presented] = []
    present = CertificateIdentity.present

    def note(source: CertificateIdentity, context: Any) -> Presented:
        found.append(present(source, context))
        return found[-1]

    monkeypatch.setattr(CertificateIdentity, "present", note)
    return found


TURNED_AWAY: dict[str, Callable[[], Holder]] = {
    "expired": lambda: root().issue(CLIENT, life=(NOW - 2 * DAY, NOW - DAY)),
    "not yet valid": lambda: root().issue(CLIENT, life=(NOW + DAY / 2, NOW + DAY)),
    "for servers only": lambda: root().issue(CLIENT, usages=[SERVER_AUTH]),
    "for any use, which is not said to be clients'": lambda: root().issue(
        CLIENT, usages=[ANY_USAGE]
    ),
    "of a forger's CA of the same name": lambda: forger().issue(CLIENT),
    "self-signed": lambda: forger().self_signed(CLIENT),
    "of an intermediate CA that is not sent along": lambda: (
        root().issue_authority("middle CA").issue(CLIENT)
    ),
}


@pytest.mark.parametrize("kind", TURNED_AWAY)
async def test_tls_turns_away(listener: Listener, kind: str) -> None:
    await listener.open()
    assert await turned_away(listener.connect(TURNED_AWAY[kind]()))
    await served(listener.connect(root().issue(CLIENT)))


@pytest.mark.parametrize("usages", [[CLIENT_AUTH], [SERVER_AUTH, CLIENT_AUTH], []])
async def test_a_certificate_for_clients_or_for_anything_isserved(
    listener: Listener, usages: list[x509.ObjectIdentifier]
) -> None:
    await listener.open()
    await served(listener.connect(root().issue(CLIENT, usages=usages)))


@pytest.mark.parametrize(
    ("names", "name", "credential"),
    [
        ([CLIENT, x509.DNSName("app.example")], "spiffe://dev/client", Credential.URI),
        ([x509.DNSName("app.example")], "app.example", Credential.DNS),
        ([], "both", Credential.COMMON_NAME),
    ],
)
async def test_a_caller_is_known_by_name_and_credential(
    listener: Listener,
    seen: list[Presented],
    names: list[x509.GeneralName],
    name: str,
    credential: Credential,
) -> None:
    await listener.open()
    holder = root().issue(*names, common_name="both")
    try:
        await served(listener.connect(holder))
    except aio.AioRpcError as error:  # not every one of these names may do it
        assert refusal_of(error).reason == "PERMISSION_DENIED"
    assert [(each.name, each.credential) for each in seen] == [(name, credential)]


async def test_two_names_are_nobodys(listener: Listener) -> None:
    await listener.open()
    other = x509.UniformResourceIdentifier("spiffe://dev/admin")
    assert await reason_of(listener.connect(root().issue(CLIENT, other))) == "IDENTITY_MISSING"


async def test_the_log_says_whose_certificate_was_refused(
    listener: Listener, log_to: Callable[[Log], None], capsys: pytest.CaptureFixture[str]
) -> None:
    log_to(Log())
    await listener.open()
    listener.now = NOW + 2 * DAY
    assert await reason_of(listener.connect(root().issue(CLIENT))) == "CERTIFICATE_EXPIRED"
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [call] = [line for line in lines if line["event"] == "call"]
    assert (call["identity"], call["presented"]) == ("", CLIENT.value)


async def test_a_certificate_that_expires_ends_its_connection_too(listener: Listener) -> None:
    await listener.open()
    caller = listener.connect(root().issue(CLIENT))
    await served(caller)
    listener.now = NOW + 2 * DAY
    assert await reason_of(caller) == "CERTIFICATE_EXPIRED"
    listener.now = NOW - 2 * DAY
    assert await reason_of(caller) == "CERTIFICATE_EXPIRED"
    listener.now = None
    await served(caller)
