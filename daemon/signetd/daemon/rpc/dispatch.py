"""The way of every call: identity, permission, admission, reading, answer; and its line in the log.

All methods are served as if their requests were streams, of which one message is read, unless they
are such streams. On the wire there is no difference; but so the daemon, not gRPC, decides when a
request is read: after it is known that its caller may call and has room, and for as long as the
deadline allows.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from signetd.daemon.config import Limits
from signetd.daemon.credentials import IdentitySource, Presented
from signetd.daemon.policy.types import Identity
from signetd.daemon.rpc import calls, errors, rules
from signetd.daemon.rpc.admission import Admission, Memory
from signetd.daemon.rpc.call_log import CallLog
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.deadlines import Deadlines
from signetd.daemon.rpc.incoming import Incoming
from signetd.daemon.rpc.methods import Method, table
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.rules import Record, Rule
from signetd.daemon.rpc.streams import Streams
from signetd.daemon.rpc.transport import REQUEST_ID, Context, abort, receive, when_done
from signetd.drivers.errors import Reason, SignetError


class Callers(Protocol):
    """Knows who may call."""

    def caller(self, presented: Presented) -> Identity:
        """Return the identity that was presented; raises PERMISSION_DENIED."""
        ...


class Dispatcher:
    """Answers the API's methods. `apis` maps a service's full name to the object that answers, or
    to a tuple of such objects. Each method of the service is a method of the same name in
    snake_case of one of them: a coroutine function, or an asynchronous generator function for a
    stream.

    Raises ValueError when a method of the API has no rule or nobody to answer it.
    """

    def __init__(
        self,
        callers: Callers,
        apis: Mapping[str, object],
        recorder: Recorder,
        limits: Limits | None = None,
        services: Iterable[ServiceDescriptor] = rules.SERVICES,
        given: Mapping[str, Rule] = rules.RULES,
    ) -> None:
        limits = limits or Limits()
        self._services = table(services, apis, given)
        self._callers = callers
        self._recorder = recorder
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
            reply, failure = await self._outcome(method, source, context, call, seconds)
        except BaseException:  # the client has gone, or the daemon is being stopped by force
            self._lines.write(call, "CANCELLED")
            raise
        try:
            await self._recorder.ended(call, method.rule.record, failure)
        except SignetError as error:
            failure = error
        if failure is None:
            context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
            self._lines.write(call, "OK")
            return reply
        self._lines.write(call, errors.STATUS[failure.reason].name, failure.reason.value)
        await abort(context, failure, call.request_id)
        raise AssertionError("abort always raises")

    async def _outcome(
        self,
        method: Method,
        source: IdentitySource,
        context: Context,
        call: Call,
        seconds: float | None,
    ) -> tuple[bytes | None, SignetError | None]:
        try:
            self._identify(method, source, context, call)
            return await self._serve(method, source, context, call, seconds), None
        except Exception as error:
            return None, errors.known(error, call.request_id)

    def _identify(
        self, method: Method, source: IdentitySource, context: Context, call: Call
    ) -> None:
        """Find out who calls, and raise what is said to those who may not call this."""
        presented = _presented(call, source, context)
        call.identity, call.presented = presented.name, presented
        call.roles = self._callers.caller(presented).roles
        _require(call, method.rule)

    async def _serve(
        self,
        method: Method,
        source: IdentitySource,
        context: Context,
        call: Call,
        seconds: float | None,
    ) -> bytes | None:
        with self._admission.call(call.identity) as memory:
            call.admitted = True
            # Not when our answer is made but when gRPC is done with it: a client that does not
            # read its replies would else pile them up here.
            when_done(context, memory.give_back)
            if not method.streams:
                answer = self._answer(method, source, context, memory)
                return await self._deadlines.within(seconds, answer)
            reading = self._read(method, source, context, memory)
            request = await self._deadlines.within(self._deadlines.for_reading(seconds), reading)
            memory.give_back()
        # It may go on for days, so it is no call any more: who answers it has a limit of its own.
        # Its caller's certificate may run out or be revoked meanwhile, and its roles be changed.
        await self.streams.run(
            method, request, context, lambda: self._identify(method, source, context, call)
        )
        return None

    async def _read(
        self, method: Method, source: IdentitySource, context: Context, memory: Memory
    ) -> Any:
        """Return what is asked for: the request, or what reads those of a method of many."""
        if not method.takes_many:
            return await receive(method, context, memory)
        call = calls.current()
        return Incoming(
            method,
            context,
            lambda: self._admission.memory(call.identity),
            lambda: self._identify(method, source, context, call),
        )

    async def _answer(
        self, method: Method, source: IdentitySource, context: Context, memory: Memory
    ) -> bytes:
        request = await self._read(method, source, context, memory)
        call = calls.current()
        call.check_deadline()
        work = method.answer(request)
        if method.rule.record is Record.CHANGE:
            work = self._recorder.carry_out(call, work)
        reply: bytes = (await work).SerializeToString()
        memory.hold(len(reply))
        return reply


def _require(call: Call, rule: Rule) -> None:
    if not call.roles & rule.roles:
        wanted = " or ".join(sorted(rule.roles))
        raise SignetError(
            Reason.PERMISSION_DENIED,
            f"The identity {call.identity!r} may not do this: it needs the role {wanted}.",
        )


def _presented(call: Call, source: IdentitySource, context: Context) -> Presented:
    try:
        return source.present(context.auth_context())
    except SignetError as error:
        # Whose certificate was refused is worth to be known, though it identifies nobody.
        if "presented" in error.metadata:
            call.facts["presented"] = error.metadata["presented"]
        raise
