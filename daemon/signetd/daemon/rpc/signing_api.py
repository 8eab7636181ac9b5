"""Answers SigningService."""

from typing import Protocol

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Asker, Operation
from signetd.daemon.rpc import batches, calls, convert, errors, sign_many
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.sign_many import ManySigner
from signetd.daemon.rpc.sign_response import fill_response, sign_response
from signetd.daemon.signing import Released, SignInput, Verified, VerifyInput


class Desk(sign_many.Desk, Protocol):
    """What signs for those who may."""

    async def sign(self, request: SignInput, asker: Asker) -> Released:
        """Sign one input for somebody."""
        ...


class Gate(Protocol):
    """What knows who may verify."""

    def key(self, asker: Asker, operation: Operation, key_id: str) -> RegisteredKey:
        """Return a key that somebody may use; raises PERMISSION_DENIED, KEY_NOT_FOUND."""
        ...


class Engine(Protocol):
    """What verifies."""

    async def verify(self, request: VerifyInput) -> Verified:
        """Verify one signature."""
        ...


class SigningApi:
    """Signs and verifies for callers that may."""

    def __init__(self, desk: Desk, gate: Gate, engine: Engine, recorder: Recorder) -> None:
        self._desk = desk
        self._gate = gate
        self._engine = engine
        self._many = ManySigner(desk, recorder)

    async def sign(self, request: messages.SignRequest) -> messages.SignResponse:
        """Answer Sign."""
        order = convert.sign_input(request)
        call = calls.current()
        call.facts["key"] = order.key
        call.recorded = True
        released = await self._desk.sign(order, call.asker)
        call.facts["algorithm"] = released.signed.algorithm.value
        return sign_response(released)

    async def verify(self, request: messages.VerifyRequest) -> messages.VerifyResponse:
        """Answer Verify."""
        order = convert.verify_input(request)
        call = calls.current()
        facts = call.facts
        facts["key"] = order.key
        call.resource = f"keys/{order.key}"
        self._gate.key(call.asker, Operation.VERIFY, order.key)
        verified = await self._engine.verify(order)
        facts["algorithm"] = verified.algorithm.value
        return convert.verify_response(verified)

    async def batch_sign(self, request: messages.BatchSignRequest) -> messages.BatchSignResponse:
        """Answer BatchSign: as many results as items, in their order."""
        batches.check_size(request.requests)
        call = calls.current()
        call.recorded = True
        outcomes = await self._many.sign(request.requests, call)
        failed = sum(isinstance(outcome, Exception) for outcome in outcomes)
        call.facts.update(items=len(outcomes), failed=failed)
        reply = messages.BatchSignResponse()
        for outcome in outcomes:
            result = reply.results.add()
            if isinstance(outcome, Exception):
                told = errors.known(outcome, call.request_id)
                result.error.CopyFrom(errors.status_of(told, call.request_id))
            else:
                fill_response(result.response, outcome)
        return reply
