"""A service for clients with certificates of the test CA, and how its calls end."""

import asyncio
from datetime import datetime

import grpc
import pytest
from grpc import StatusCode, aio

from signetd.api.v1 import key_service_pb2
from tests.unit.daemon.certificates import NOW, Authority, Holder, root
from tests.unit.daemon.rpc.conftest import Caller, Service, refusal_of

LIST_KEYS = "KeyService/ListKeys"


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


async def served(caller: Caller) -> None:
    assert await caller.call(LIST_KEYS, key_service_pb2.ListKeysRequest())


async def reason_of(caller: Caller) -> str:
    """Return why a call is refused on a connection that TLS lets in."""
    refusal = await caller.refusal(LIST_KEYS, b"")
    assert refusal.code in (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)
    return refusal.reason


async def becomes(caller: Caller, reason: str) -> None:
    """Wait until calls are refused for that reason."""
    async with asyncio.timeout(20):
        while True:
            try:
                await served(caller)
            except aio.AioRpcError as error:
                assert refusal_of(error).reason == reason
                return
            await asyncio.sleep(0.02)


async def turned_away(caller: Caller) -> bool:
    """Whether there is no connection at all."""
    with pytest.raises(aio.AioRpcError) as caught:
        await caller.raw(f"/signetd.api.v1.{LIST_KEYS}", b"", 5)
    return caught.value.code() is StatusCode.UNAVAILABLE
