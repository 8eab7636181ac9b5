"""ApprovalService on Unix sockets, one for each person, with a key that signs by approval."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_status import rpc_status
from sqlalchemy import Engine

from signetd.api.v1 import approval_service_pb2, key_service_pb2, signing_service_pb2
from signetd.daemon.approvals import subjects
from signetd.daemon.audit.types import Entry, Event, Kind
from signetd.daemon.policy.types import ApprovalRule
from signetd.daemon.rpc import calls, convert, errors
from signetd.daemon.rpc.calls import Call
from signetd.daemon.signing.validate import check
from signetd.drivers.errors import SignetError
from tests.unit.daemon.approvals.called import Service
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.test_subjects import SM2_KEY

PEOPLE = ("app", "admin-1", "admin-2", "stranger")
_RULES = (ApprovalRule(count=2),)
_SERVICES = {
    "ApprovalService": approval_service_pb2.DESCRIPTOR,
    "KeyService": key_service_pb2.DESCRIPTOR,
    "SigningService": signing_service_pb2.DESCRIPTOR,
}


class Desk:
    """Answers what is beside approvals: the key `seal`, signatures, and its destruction."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def get_public_key(self, request: Any) -> Message:
        return convert.public_key_message(SM2_KEY)

    async def sign(self, request: Any) -> Message:
        user = calls.current().identity
        checked = check(SM2_KEY, convert.sign_input(request))
        with self.office.uses.reserve(request.approval, user):
            subject = await subjects.signature(checked)
            effects = await self.office.uses.effects_for_sign(
                request.approval, subject, user, _RULES
            )
            await self._write("sign", effects)
        return signing_service_pb2.SignResponse(
            signature=b"signed", signature_crc32c=google_crc32c.value(b"signed")
        )

    async def destroy_key(self, request: Any) -> Message:
        effects = await self.office.uses.effects_for_act(
            subjects.destruction(SM2_KEY), request.approval, calls.current().identity, 2
        )
        await self._write("KeyService/DestroyKey", effects)
        return convert.key_message(SM2_KEY)

    async def _write(self, operation: str, effects: Iterable[Any]) -> None:
        event = Event(kind=Kind.USE, operation=operation, allowed=True, result="OK")
        await self.office.ledger.write(Entry(event=event, effects=tuple(effects)))


class Served:
    """Serves people from a thread of its own, until it is closed."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.office = Office(engine)
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._servers = self._run(self._start())

    def endpoint(self, person: str) -> str:
        return f"unix:{self._folder}/{person}"

    def close(self) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> list[Any]:
        service, desk = Service(self.office), Desk(self.office)
        servers = []
        for person in PEOPLE:
            server = grpc.aio.server()
            for name, file in _SERVICES.items():
                api = service.api if name == "ApprovalService" else desk
                server.add_generic_rpc_handlers((_handlers(file, name, api, person),))
            server.add_insecure_port(self.endpoint(person))
            await server.start()
            servers.append(server)
        return servers

    async def _stop(self) -> None:
        for server in self._servers:
            await server.stop(None)
        await self.office.changes.drain()


def _handlers(file: Any, name: str, api: object, person: str) -> Any:
    service = file.services_by_name[name]
    found = {}
    for method in service.methods:
        answer = getattr(api, _snake_case(method.name), None)
        if answer is not None:
            path = f"/{service.full_name}/{method.name}"
            found[method.name] = _handler(path, method, answer, person)
    return grpc.method_handlers_generic_handler(service.full_name, found)


def _handler(path: str, method: Any, answer: Callable[[Any], Any], person: str) -> Any:
    async def unary(request: Any, context: Any) -> Any:
        calls.begin(Call(path, identity=person))
        try:
            return await answer(request)
        except SignetError as error:
            await context.abort_with_status(rpc_status.to_status(errors.status_of(error, "test")))

    async def stream(request: Any, context: Any) -> Any:
        calls.begin(Call(path, identity=person))
        async for reply in answer(request):
            yield reply

    kinds = grpc.unary_stream_rpc_method_handler, grpc.unary_unary_rpc_method_handler
    make, behaviour = (kinds[0], stream) if method.server_streaming else (kinds[1], unary)
    reader = GetMessageClass(method.input_type).FromString
    return make(behaviour, reader, lambda message: message.SerializeToString())


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
