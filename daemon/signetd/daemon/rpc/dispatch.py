"""The way of every call: identity, permission, admission, reading, answer; and its line in the log.

All methods are served as if their requests were streams, of which one message is read. On the wire
there is no difference; but so the daemon, not gRPC, decides when a request is read: after it is
known that its caller may call and has room, and for as long as the deadline allows.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
import structlog
from google.protobuf.descriptor import ServiceDescriptor

from signetd.daemon.config import Limits, Role
from signetd.daemon.credentials import IdentitySource
from signetd.daemon.identity import Identities
from signetd.daemon.logs import described
from signetd.daemon.rpc import calls, errors, rules
from signetd.daemon.rpc.admission import Admission, Memory
from signetd.daemon.rpc.call_log import CallLog
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.deadlines import Deadlines
from signetd.daemon.rpc.methods import Method, table
from signetd.daemon.rpc.streams import Streams
from signetd.daemon.rpc.transport import REQUEST_ID, Context, abort, receive, when_done
from signetd.drivers.errors import SignetError

_log = structlog.get_logger("signetd.rpc")


class Dispatcher:
    """Answers the API's methods. `apis` maps a service's full name to the object that answers:
    each method of the service is a method of the same name in snake_case: a coroutine function, or
    an asynchronous generator function for a stream.

    Raises ValueError when a method of the API has no rule or nobody to answer it.
    """

    def __init__(
        self,
        identities: Identities,
        apis: Mapping[str, object],
        limits: Limits | None = None,
        services: Iterable[ServiceDescriptor] = rules.SERVICES,
        roles: Mapping[str, frozenset[Role]] = rules.RULES,
    ) -> None:
        limits = limits or Limits()
        self._services = table(services, apis, roles)
        self._identities = identities
        self._admission = Admission(limits)
        self._deadlines = Deadlines(limits)
        self._lines = CallLog()
        self.streams = Streams()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

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
        # Without a deserializer the request arrives as bytes: a malformed one gets our error.
        async def handle(_: object, context: Context) -> bytes | None:
            with self._counted():
                return await self._call(method, source, context)

        if method.streams:
            return grpc.stream_stream_rpc_method_handler(handle)
        return grpc.stream_unary_rpc_method_handler(handle)

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

    async def _call(self, method: Method, source: IdentitySource, context: Context) -> bytes | None:
        seconds = self._deadlines.seconds(method, context.time_remaining())
        call = Call(method.path, None if seconds is None else time.monotonic() + seconds)
        calls.begin(call)
        try:
            _identify(call, source, context)
            self._identities.caller(call.identity).require(method.roles)
            reply = await self._serve(method, source, context, call, seconds)
        except SignetError as error:
            failure = error
        except Exception as error:
            failure = errors.unforeseen(call.request_id)
            _log.error("unforeseen error", request_id=call.request_id, **described(error))
        except BaseException:  # the client has gone, or the daemon is being stopped by force
            self._lines.write(call, "CANCELLED")
            raise
        else:
            context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
            self._lines.write(call, "OK")
            return reply
        self._lines.write(call, errors.STATUS[failure.reason].name, failure.reason.value)
        await abort(context, failure, call.request_id)
        raise AssertionError("abort always raises")

    async def _serve(
        self,
        method: Method,
        source: IdentitySource,
        context: Context,
        call: Call,
        seconds: float | None,
    ) -> bytes | None:
        with self._admission.call(call.identity) as memory:
            # Not when our answer is made but when gRPC is done with it: a client that does not
            # read its replies would else pile them up here.
            when_done(context, memory.give_back)
            if not method.streams:
                return await self._deadlines.within(seconds, _answer(method, context, memory))
            reading = receive(method, context, memory)
            request = await self._deadlines.within(self._deadlines.for_reading(seconds), reading)
            memory.give_back()
        # It may go on for days, so it is no call any more: who answers it has a limit of its own.
        # Its caller's certificate may run out or be revoked meanwhile.
        await self.streams.run(
            method, request, context, lambda: source.present(context.auth_context())
        )
        return None


def _identify(call: Call, source: IdentitySource, context: Context) -> None:
    try:
        call.identity = source.present(context.auth_context()).name
    except SignetError as error:
        # Whose certificate was refused is worth to be known, though it identifies nobody.
        if "presented" in error.metadata:
            call.facts["presented"] = error.metadata["presented"]
        raise


async def _answer(method: Method, context: Context, memory: Memory) -> bytes:
    request = await receive(method, context, memory)
    calls.current().check_deadline()
    reply: bytes = (await method.answer(request)).SerializeToString()
    memory.hold(len(reply))
    return reply
