"""Standard health (grpc.health.v1): of the daemon, of each service, of each token."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Protocol

from grpc import StatusCode
from grpc_health.v1 import health, health_pb2

from signetd.daemon.rpc.rules import SERVICES
from signetd.drivers.life import TokenStatus

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

_MOST_WATCHERS: Final = 1024  # whoever can connect may watch, without an identity


class WatchedToken(Protocol):
    """A token as far as its health goes."""

    @property
    def status(self) -> TokenStatus:
        """Where it is in its life."""
        ...


class WatchedAudit(Protocol):
    """The audit as far as its health goes."""

    @property
    def failure(self) -> str:
        """Why nothing can be written; "" when all is well."""
        ...


class Health(health.aio.HealthServicer):
    """Says "", the services and `tokens/NAME` serve, or not; everything does not until `open`.

    Without the audit nothing serves, since nothing is answered that was not written down;
    AuditService.GetAuditStatus says why.
    """

    def __init__(self, tokens: Mapping[str, WatchedToken], audit: WatchedAudit) -> None:
        super().__init__()
        self._tokens = tokens
        self._audit = audit
        self._is_open = False
        self._closing = asyncio.Event()
        self._watchers = 0
        self._whole = ["", *(service.full_name for service in SERVICES)]
        names = [*self._whole, *(f"tokens/{name}" for name in tokens)]
        self._server_status = dict.fromkeys(names, _NOT_SERVING)

    async def open(self) -> None:
        """Report that the daemon answers."""
        self._is_open = True
        await self.update()

    async def update(self) -> None:
        """Report the present states of the tokens and of the audit."""
        writes = not self._audit.failure
        for name in self._whole:
            await self.set(name, _SERVING if writes and self._is_open else _NOT_SERVING)
        for name, token in self._tokens.items():
            serves = token.status.state.serves and writes
            await self.set(f"tokens/{name}", _SERVING if serves else _NOT_SERVING)

    async def close(self) -> None:
        """Report that nothing serves any more, and let the watchers go."""
        await self.enter_graceful_shutdown()
        self._closing.set()

    async def Watch(self, request: Any, context: Any) -> None:
        """Stream the changes of a status, until the daemon stops: a watcher never delays that."""
        if self._watchers >= _MOST_WATCHERS:
            why = f"{_MOST_WATCHERS} clients watch the health already; use Check instead."
            await context.abort(StatusCode.RESOURCE_EXHAUSTED, why)
        self._watchers += 1
        try:
            await self._watch(request, context)
        finally:
            self._watchers -= 1

    async def _watch(self, request: Any, context: Any) -> None:
        watching = asyncio.ensure_future(super().Watch(request, context))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({watching, closing}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            closing.cancel()
            watching.cancel()
            await asyncio.gather(watching, closing, return_exceptions=True)
