"""Answers SigningService."""

from typing import Protocol

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.approvals.subjects import SIGN
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Asker, Operation
from signetd.daemon.rpc import batches, calls, convert
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.signing import Released, SignInput, Verified, VerifyInput
from signetd.drivers.errors import SignetError


class Desk(Protocol):
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
        self._recorder = recorder

    async def sign(self, request: messages.SignRequest) -> messages.SignResponse:
        """Answer Sign."""
        order = convert.sign_input(request)
        call = calls.current()
        call.facts["key"] = order.key
        call.recorded = True
        released = await self._desk.sign(order, call.asker)
        call.facts["algorithm"] = released.signed.algorithm.value
        return convert.sign_response(released)

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
        calls.current().recorded = True
        results = await batches.results_of(
            request.requests, self._item, lambda error: messages.BatchSignResult(error=error)
        )
        return messages.BatchSignResponse(results=results)

    async def _item(self, item: messages.SignRequest) -> messages.BatchSignResult:
        released = await self._desk.sign(await self._read(item), calls.current().asker)
        return messages.BatchSignResult(response=convert.sign_response(released))

    async def _read(self, item: messages.SignRequest) -> SignInput:
        try:
            return convert.sign_input(item)
        except SignetError as error:
            await self._recorder.item(SIGN, error)
            raise
