"""AccessService over gRPC on a Unix socket, answered by the real API on a real database."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from grpc_status import rpc_status

from signetd.api.v1 import access_service_pb2
from signetd.daemon.rpc import errors
from signetd.drivers.errors import SignetError
from tests.unit.daemon.access.service import Service
from tests.unit.daemon.places import new_database

_METHODS = access_service_pb2.DESCRIPTOR.services_by_name["AccessService"].methods


class Bridge:
    """Hands the calls of a gRPC server to the API, which lives in an event loop of its own."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @contextmanager
    def serving(self, socket: Path) -> Iterator[str]:
        """Serve on *socket*; yields its address."""
        self._thread.start()
        server = grpc.server(ThreadPoolExecutor(2))
        handlers = {method.name: self._handler(method) for method in _METHODS}
        name = "signetd.api.v1.AccessService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        yield f"unix:{socket}"
        server.stop(None).wait(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _handler(self, method: Any) -> Any:
        def answer(request: Any, context: Any) -> Any:
            asked = self.service.ask(method.name, request)
            try:
                return asyncio.run_coroutine_threadsafe(asked, self._loop).result(30)
            except SignetError as error:
                context.abort_with_status(rpc_status.to_status(errors.status_of(error, "r1")))

        read = getattr(access_service_pb2, method.input_type.name).FromString
        return grpc.unary_unary_rpc_method_handler(
            answer, read, lambda message: message.SerializeToString()
        )


@contextmanager
def bridge(folder: Path) -> Iterator[tuple[Service, str]]:
    """Serve an API on a new database in *folder*; yields the API and the address."""
    database = new_database(folder / "state")
    service = Service(database._engine)
    with Bridge(service).serving(folder / "s.sock") as address:
        yield service, address
    database.close()
