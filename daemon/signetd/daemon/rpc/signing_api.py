"""Answers SigningService."""

import asyncio
from typing import Final, Protocol

import structlog

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.logs import described
from signetd.daemon.rpc import calls, convert, errors
from signetd.daemon.signing import MAX_BATCH_ITEMS, Signed, SignInput, Verified, VerifyInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester

_AT_ONCE: Final = 64
"""Items of one batch that are under way together: more than a token's workers can take, and few
enough that one batch does not fill the queue for everybody else."""
_log = structlog.get_logger("signetd.rpc")


class Engine(Protocol):
    """What signs and verifies."""

    async def sign(self, request: SignInput, requester: Requester) -> Signed:
        """Sign one input for somebody."""
        ...

    async def verify(self, request: VerifyInput) -> Verified:
        """Verify one signature."""
        ...


class SigningApi:
    """Signs and verifies for callers that may."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def sign(self, request: messages.SignRequest) -> messages.SignResponse:
        """Answer Sign."""
        order = convert.sign_input(request)
        call = calls.current()
        call.facts["key"] = order.key
        signed = await self._engine.sign(order, call.requester)
        call.facts["algorithm"] = signed.algorithm.value
        return convert.sign_response(signed)

    async def verify(self, request: messages.VerifyRequest) -> messages.VerifyResponse:
        """Answer Verify."""
        order = convert.verify_input(request)
        facts = calls.current().facts
        facts["key"] = order.key
        verified = await self._engine.verify(order)
        facts["algorithm"] = verified.algorithm.value
        return convert.verify_response(verified)

    async def batch_sign(self, request: messages.BatchSignRequest) -> messages.BatchSignResponse:
        """Answer BatchSign: as many results as items, in their order."""
        _check_size(len(request.requests))
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
                signed = await self._engine.sign(convert.sign_input(item), call.requester)
                return messages.BatchSignResult(response=convert.sign_response(signed))
            except SignetError as error:
                failure = error
            except Exception as error:
                failure = errors.unforeseen(call.request_id)
                _log.error("unforeseen error", request_id=call.request_id, **described(error))
        return messages.BatchSignResult(error=errors.status_of(failure, call.request_id))


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
