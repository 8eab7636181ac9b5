"""The way of every call: identity, permission, reading, answer; and its one line in the log."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio
from grpc_status import rpc_status

from signetd.daemon.config import Role
from signetd.daemon.identity import Identities, IdentitySource
from signetd.daemon.logs import described
from signetd.daemon.rpc import calls, errors, rules
from signetd.daemon.rpc.calls import Call
from signetd.drivers.errors import Reason, SignetError

Answer = Callable[[Any], Awaitable[Message]]
Context = aio.ServicerContext[bytes, bytes]
_REQUEST_ID = "x-request-id"
_log = structlog.get_logger("signetd.rpc")


@dataclass(frozen=True)
class Method:
    """A method of the API: its full name, who may call it, what it takes, who answers."""

    path: str
    roles: frozenset[Role]
    request: type[Message]
    answer: Answer


class Dispatcher:
    """Answers the API's methods. `apis` maps a service's full name to the object that answers:
    each method of the service is a coroutine method of the same name in snake_case.

    Raises ValueError when a method of the API has no rule or nobody to answer it.
    """

    def __init__(
        self,
        identities: Identities,
        apis: Mapping[str, object],
        services: Iterable[ServiceDescriptor] = rules.SERVICES,
        roles: Mapping[str, frozenset[Role]] = rules.RULES,
    ) -> None:
        services = tuple(services)
        rules.check_complete(services, roles)
        self._identities = identities
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._services = {
            service.full_name: _methods(service, apis.get(service.full_name), roles)
            for service in services
        }

    def handlers(self, source: IdentitySource) -> list[grpc.GenericRpcHandler]:
        """Return the handlers for a server whose callers *source* identifies."""
        return [
            grpc.method_handlers_generic_handler(
                service, {name: self._handler(method, source) for name, method in methods.items()}
            )
            for service, methods in self._services.items()
        ]

    async def quiet(self, seconds: float) -> None:
        """Wait until no call is under way, and none has come *seconds* later either."""
        while True:
            await self._idle.wait()
            await asyncio.sleep(seconds)
            if self._idle.is_set():
                return

    def _handler(self, method: Method, source: IdentitySource) -> Any:
        # Without a deserializer the request arrives as bytes: it is read after the permission was
        # checked, and a malformed one gets an error of ours.
        async def handle(raw: bytes, context: Context) -> bytes:
            with self._counted():
                return await self._call(method, source, raw, context)

        return grpc.unary_unary_rpc_method_handler(handle)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _call(
        self, method: Method, source: IdentitySource, raw: bytes, context: Context
    ) -> bytes:
        call = Call(method.path, _deadline(context))
        calls.begin(call)
        try:
            reply = await self._answer(method, source, raw, context, call)
        except SignetError as error:
            failure = error
        except Exception as error:
            failure = errors.unforeseen(call.request_id)
            _log.error("unforeseen error", request_id=call.request_id, **described(error))
        except BaseException:  # the client has gone, or the daemon is being stopped by force
            _write_line(call, "CANCELLED", "")
            raise
        else:
            context.set_trailing_metadata(((_REQUEST_ID, call.request_id),))
            _write_line(call, "OK", "")
            return reply
        await _abort(context, call, failure)
        raise AssertionError("abort always raises")

    async def _answer(
        self, method: Method, source: IdentitySource, raw: bytes, context: Context, call: Call
    ) -> bytes:
        call.identity = source.name(context.auth_context())
        self._identities.caller(call.identity).require(method.roles)
        request = _read(method.request, raw)
        call.check_deadline()
        reply = await method.answer(request)
        return reply.SerializeToString()


def _methods(
    service: ServiceDescriptor, api: object, roles: Mapping[str, frozenset[Role]]
) -> dict[str, Method]:
    found = {}
    for method in service.methods:
        path = rules.path(service, method.name)
        answer = getattr(api, _snake_case(method.name), None)
        if answer is None:
            raise ValueError(f"nobody answers the method {path}")
        request = GetMessageClass(method.input_type)
        found[method.name] = Method(path, roles[path], request, answer)
    return found


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def _read(kind: type[Message], raw: bytes) -> Message:
    try:
        return kind.FromString(raw)
    except DecodeError:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"The request is not a valid {kind.DESCRIPTOR.full_name} message.",
        ) from None


def _deadline(context: Context) -> float | None:
    remaining = context.time_remaining()
    return None if remaining is None else time.monotonic() + remaining


async def _abort(context: Context, call: Call, error: SignetError) -> None:
    status = rpc_status.to_status(errors.status_of(error, call.request_id))
    _write_line(call, status.code.name, error.reason.value)
    metadata = (*status.trailing_metadata, (_REQUEST_ID, call.request_id))
    await context.abort(status.code, status.details, metadata)


def _write_line(call: Call, status: str, reason: str) -> None:
    facts: dict[str, str | int] = {**call.facts}
    if reason:
        facts["reason"] = reason
    _log.info(
        "call",
        request_id=call.request_id,
        method=call.method,
        identity=call.identity,
        status=status,
        milliseconds=call.milliseconds(),
        **facts,
    )
