"""Revocation lists of a listener: they count in every call, and as soon as they are there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from grpc import aio

from signetd.daemon.errors import StartError
from signetd.drivers.life import TokenState
from tests.unit.daemon.certificates import CLIENT, DAY, NOW, forger, pem, root
from tests.unit.daemon.rpc.conftest import Service, refusal_of
from tests.unit.daemon.rpc.mtls import Listener, becomes, reason_of, served


@pytest.fixture
async def listener(service: Service) -> AsyncIterator[Listener]:
    made = Listener(service)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at more often than is needed in earnest."""
    monkeypatch.setattr("signetd.daemon.credentials.crl_file.LOOK_SECONDS", 0.05)


async def test_a_revoked_certificate_is_refused_on_its_open_connection(listener: Listener) -> None:
    await listener.open(pem(root().crl()))
    holder = root().issue(CLIENT)
    caller, other = listener.connect(holder), listener.connect(root().issue(CLIENT))
    await served(caller)
    listener.publish(pem(root().crl(holder.certificate)))
    await becomes(caller, "CERTIFICATE_REVOKED")
    assert await reason_of(listener.connect(holder)) == "CERTIFICATE_REVOKED"
    await served(other)


async def test_a_revoked_certificate_gets_nothing_more_of_a_stream(listener: Listener) -> None:
    await listener.open(pem(root().crl()))
    holder = root().issue(CLIENT)
    watch = listener.connect(holder).watch("tokens/t1")
    await watch.read()
    listener.publish(pem(root().crl(holder.certificate)))
    await becomes(listener.connect(holder), "CERTIFICATE_REVOKED")
    token = listener.service.tokens["t1"]
    listener.service.watchers.publish(token.turn(TokenState.FAILED, "for the others only"))
    with pytest.raises(aio.AioRpcError) as caught:
        await watch.read()
    assert refusal_of(caught.value).reason == "CERTIFICATE_REVOKED"


async def test_a_list_that_runs_out_lets_nobody_in(listener: Listener) -> None:
    await listener.open(pem(root().crl(life=(NOW - DAY, NOW + DAY / 2))))
    caller = listener.connect(root().issue(CLIENT))
    await served(caller)
    listener.now = NOW + DAY * 3 / 4
    assert await reason_of(caller) == "REVOCATION_UNKNOWN"


async def test_a_list_that_is_taken_away_goes_on_to_count(listener: Listener) -> None:
    revoked = root().issue(CLIENT)
    await listener.open(pem(root().crl(revoked.certificate)))
    listener.withdraw()
    [bound] = listener.service.running
    assert bound.crl is not None
    await asyncio.to_thread(bound.crl.look)
    assert "cannot be read" in bound.crl.problem
    await served(listener.connect(root().issue(CLIENT)))
    assert await reason_of(listener.connect(revoked)) == "CERTIFICATE_REVOKED"


async def test_a_ca_without_a_list_lets_nobody_in(listener: Listener) -> None:
    other = root("other CA")
    await listener.open(pem(root().crl()), roots=(root(), other))
    await served(listener.connect(root().issue(CLIENT)))
    assert await reason_of(listener.connect(other.issue(CLIENT))) == "REVOCATION_UNKNOWN"


async def test_an_intermediate_ca_is_known_only_from_client_ca(listener: Listener) -> None:
    middle = root().issue_authority("middle CA")
    await listener.open(pem(root().crl()))
    sent_along = listener.connect(middle.issue(CLIENT), middle.pem)
    assert await reason_of(sent_along) == "REVOCATION_UNKNOWN"


@pytest.mark.parametrize("sends_along", [True, False])
async def test_a_client_of_an_intermediate_ca_isserved(
    listener: Listener, sends_along: bool
) -> None:
    middle = root().issue_authority("middle CA")
    await listener.open(pem(root().crl(), middle.crl()), roots=(root(), middle))
    holder = middle.issue(CLIENT)
    await served(listener.connect(holder, middle.pem if sends_along else b""))


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
