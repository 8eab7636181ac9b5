"""Answers SigningService."""

import asyncio
from typing import Final, Protocol

import structlog

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.logs import described
from signetd.daemon.policy.types import Asker, Operation
from signetd.daemon.rpc import calls, convert, errors
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.signing import MAX_BATCH_ITEMS, Released, SignInput, Verified, VerifyInput
from signetd.drivers.errors import Reason, SignetError

_AT_ONCE: Final = 64
"""Items of one batch that are under way together: more than a token's workers can take, and few
enough that one batch does not fill the queue for everybody else."""
_log = structlog.get_logger("signetd.rpc")


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
        _check_size(len(request.requests))
        calls.current().recorded = True
        places = asyncio.Semaphore(_AT_ONCE)
        results = await asyncio.gather(*(self._item(item, places) for item in request.requests))
        failed = sum(result.HasField("error") for result in results)
        calls.current().facts.update(items=len(results), failed=failed)
        return messages.BatchSignResponse(results=results)

    async def _item(
        self, item: messages.SignRequest, places: asyncio.Semaphore
    ) -> messages.BatchSignResult:
        call = calls.current()
        async with places:
            try:
                call.check_deadline()
                order = await self._read(item)
                released = await self._desk.sign(order, call.asker)
                return messages.BatchSignResult(response=convert.sign_response(released))
            except SignetError as error:
                failure = error
            except Exception as error:
                failure = errors.unforeseen(call.request_id)
                _log.error("unforeseen error", request_id=call.request_id, **described(error))
        return messages.BatchSignResult(error=errors.status_of(failure, call.request_id))

    async def _read(self, item: messages.SignRequest) -> SignInput:
        try:
            return convert.sign_input(item)
        except SignetError as error:
            await self._recorder.item("", error)
            raise


def _check_size(items: int) -> None:
    if items == 0:
        raise SignetError(
            Reason.BATCH_EMPTY, f"requests is empty; give 1 to {MAX_BATCH_ITEMS} items."
        )
    if items > MAX_BATCH_ITEMS:
        raise SignetError(
            Reason.BATCH_TOO_LARGE,
            f"requests has {items} items; at most {MAX_BATCH_ITEMS} are allowed: send several "
            "batches.",
        )
