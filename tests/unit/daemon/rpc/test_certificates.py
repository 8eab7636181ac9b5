"""Client certificates over mutual TLS: what the handshake refuses, and what every call refuses."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc
import pytest
from cryptography import x509
from grpc import StatusCode, aio

from signetd.api.v1 import key_service_pb2
from signetd.daemon.credentials import CertificateIdentity, Presented
from signetd.daemon.errors import StartError
from signetd.daemon.policy.types import Credential
from signetd.drivers.life import TokenState
from tests.unit.daemon.certificates import (
    CLIENT,
    CLIENT_AUTH,
    DAY,
    NOW,
    SERVER_AUTH,
    Authority,
    Holder,
    forger,
    pem,
    root,
)
from tests.unit.daemon.rpc.conftest import Caller, Service, refusal_of

LIST_KEYS = "KeyService/ListKeys"
ANY_USAGE = x509.ObjectIdentifier("2.5.29.37.0")


class Listener:
    """A service for clients of the test CA; `now` is the time there."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.now: datetime | None = None
        self.address = ""
        self._ca = service.folder / "roots.pem"
        self._crl = service.folder / "crl.pem"
        self._channels: list[aio.Channel] = []

    async def open(self, *lists: bytes, roots: tuple[Authority, ...] = ()) -> None:
        """Begin to serve, with a file of revocation lists if any is given."""
        self._ca.write_bytes(b"".join(each.pem for each in roots or (root(),)))
        for content in lists:
            self.publish(content)
        crl = self._crl if lists else None
        self.address = await self.service.serve_tcp(self._ca, crl, self._clock)

    def _clock(self) -> datetime:
        return self.now or datetime.now(NOW.tzinfo)

    def publish(self, content: bytes) -> None:
        new = self._crl.with_suffix(".new")
        new.write_bytes(content)
        new.replace(self._crl)

    def withdraw(self) -> None:
        self._crl.unlink()

    def connect(self, holder: Holder, sent_along: bytes = b"") -> Caller:
        trusted = (self.service.folder / "client" / "ca.pem").read_bytes()
        files = (trusted, holder.key_pem, holder.pem + sent_along)
        # A connection of its own, without a session of an earlier one.
        alone = (("grpc.use_local_subchannel_pool", 1),)
        credentials = grpc.ssl_channel_credentials(*files)
        self._channels.append(aio.secure_channel(self.address, credentials, options=alone))
        return Caller(self._channels[-1])

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()


@pytest.fixture
async def listener(service: Service) -> Any:
    made = Listener(service)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at more often than is needed in earnest."""
    monkeypatch.setattr("signetd.daemon.credentials.crl_file.LOOK_SECONDS", 0.05)


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


async def _served(caller: Caller) -> None:
    assert await caller.call(LIST_KEYS, key_service_pb2.ListKeysRequest())


async def _reason(caller: Caller) -> str:
    """Return why a call is refused on a connection that TLS lets in."""
    refusal = await caller.refusal(LIST_KEYS, b"")
    assert refusal.code in (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)
    return refusal.reason


async def _becomes(caller: Caller, reason: str) -> None:
    """Wait until calls are refused for that reason."""
    async with asyncio.timeout(20):
        while True:
            try:
                await _served(caller)
            except aio.AioRpcError as error:
                assert refusal_of(error).reason == reason
                return
            await asyncio.sleep(0.02)


async def _turned_away(caller: Caller) -> bool:
    """Whether there is no connection at all."""
    with pytest.raises(aio.AioRpcError) as caught:
        await caller.raw(f"/signetd.api.v1.{LIST_KEYS}", b"", 5)
    return caught.value.code() is StatusCode.UNAVAILABLE


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
    assert await _turned_away(listener.connect(TURNED_AWAY[kind]()))
    await _served(listener.connect(root().issue(CLIENT)))


@pytest.mark.parametrize("usages", [[CLIENT_AUTH], [SERVER_AUTH, CLIENT_AUTH], []])
async def test_a_certificate_for_clients_or_for_anything_is_served(
    listener: Listener, usages: list[x509.ObjectIdentifier]
) -> None:
    await listener.open()
    await _served(listener.connect(root().issue(CLIENT, usages=usages)))


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
        await _served(listener.connect(holder))
    except aio.AioRpcError as error:  # not every one of these names may do it
        assert refusal_of(error).reason == "PERMISSION_DENIED"
    assert [(each.name, each.credential) for each in seen] == [(name, credential)]


async def test_two_names_are_nobodys(listener: Listener) -> None:
    await listener.open()
    other = x509.UniformResourceIdentifier("spiffe://dev/admin")
    assert await _reason(listener.connect(root().issue(CLIENT, other))) == "IDENTITY_MISSING"


async def test_a_certificate_that_expires_ends_its_connection_too(listener: Listener) -> None:
    await listener.open()
    caller = listener.connect(root().issue(CLIENT))
    await _served(caller)
    listener.now = NOW + 2 * DAY
    assert await _reason(caller) == "CERTIFICATE_EXPIRED"
    listener.now = NOW - 2 * DAY
    assert await _reason(caller) == "CERTIFICATE_EXPIRED"
    listener.now = None
    await _served(caller)


async def test_a_revoked_certificate_is_refused_on_its_open_connection(listener: Listener) -> None:
    await listener.open(pem(root().crl()))
    holder = root().issue(CLIENT)
    caller, other = listener.connect(holder), listener.connect(root().issue(CLIENT))
    await _served(caller)
    listener.publish(pem(root().crl(holder.certificate)))
    await _becomes(caller, "CERTIFICATE_REVOKED")
    assert await _reason(listener.connect(holder)) == "CERTIFICATE_REVOKED"
    await _served(other)


async def test_a_revoked_certificate_gets_nothing_more_of_a_stream(listener: Listener) -> None:
    await listener.open(pem(root().crl()))
    holder = root().issue(CLIENT)
    watch = listener.connect(holder).watch("tokens/t1")
    await watch.read()
    listener.publish(pem(root().crl(holder.certificate)))
    await _becomes(listener.connect(holder), "CERTIFICATE_REVOKED")
    token = listener.service.tokens["t1"]
    listener.service.watchers.publish(token.turn(TokenState.FAILED, "for the others only"))
    with pytest.raises(aio.AioRpcError) as caught:
        await watch.read()
    assert refusal_of(caught.value).reason == "CERTIFICATE_REVOKED"


async def test_a_list_that_runs_out_lets_nobody_in(listener: Listener) -> None:
    await listener.open(pem(root().crl(life=(NOW - DAY, NOW + DAY / 2))))
    caller = listener.connect(root().issue(CLIENT))
    await _served(caller)
    listener.now = NOW + DAY * 3 / 4
    assert await _reason(caller) == "REVOCATION_UNKNOWN"


async def test_a_list_that_is_taken_away_goes_on_to_count(listener: Listener) -> None:
    revoked = root().issue(CLIENT)
    await listener.open(pem(root().crl(revoked.certificate)))
    listener.withdraw()
    [bound] = listener.service.running
    assert bound.crl is not None
    await asyncio.to_thread(bound.crl.look)
    assert "cannot be read" in bound.crl.problem
    await _served(listener.connect(root().issue(CLIENT)))
    assert await _reason(listener.connect(revoked)) == "CERTIFICATE_REVOKED"


async def test_a_ca_without_a_list_lets_nobody_in(listener: Listener) -> None:
    other = root("other CA")
    await listener.open(pem(root().crl()), roots=(root(), other))
    await _served(listener.connect(root().issue(CLIENT)))
    assert await _reason(listener.connect(other.issue(CLIENT))) == "REVOCATION_UNKNOWN"


async def test_an_intermediate_ca_is_known_only_from_client_ca(listener: Listener) -> None:
    middle = root().issue_authority("middle CA")
    await listener.open(pem(root().crl()))
    sent_along = listener.connect(middle.issue(CLIENT), middle.pem)
    assert await _reason(sent_along) == "REVOCATION_UNKNOWN"


@pytest.mark.parametrize("sends_along", [True, False])
async def test_a_client_of_an_intermediate_ca_is_served(
    listener: Listener, sends_along: bool
) -> None:
    middle = root().issue_authority("middle CA")
    await listener.open(pem(root().crl(), middle.crl()), roots=(root(), middle))
    holder = middle.issue(CLIENT)
    await _served(listener.connect(holder, middle.pem if sends_along else b""))


@pytest.mark.parametrize(
    "content", [pem(forger().crl()), pem(root("other CA").crl()), b"-----BEGIN X509 CRL-----"]
)
async def test_no_start_with_a_list_that_cannot_be_used(listener: Listener, content: bytes) -> None:
    with pytest.raises(StartError, match=r"crl\.pem"):
        await listener.open(content)


async def test_stopping_ends_the_watch_of_the_file(listener: Listener) -> None:
    await listener.open(pem(root().crl()))
    [bound] = listener.service.running
    await bound.stop(None)
    assert bound._following is not None
    assert bound._following.cancelled()
