"""Answers SealService, but for stamps: those are answered by stamp_api."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.audit.types import Charge
from signetd.daemon.rpc import calls, convert, seal_convert
from signetd.daemon.seals import credit_code
from signetd.daemon.seals.applications import Applications
from signetd.daemon.seals.filing import Filing
from signetd.daemon.seals.importing import Importer
from signetd.daemon.seals.keeper import SealKeeper
from signetd.daemon.seals.make import SealMaker
from signetd.daemon.seals.view import SealView


class Usage(Protocol):
    """The counters of uses; its method blocks and is called in threads."""

    def counts(self, charges: Collection[Charge]) -> Mapping[tuple[str, str], int]:
        """Return what is counted so far, by scope and window."""
        ...


@dataclass(frozen=True)
class Seals:
    """All that is done with seals."""

    view: SealView
    applications: Applications
    maker: SealMaker
    filing: Filing
    keeper: SealKeeper
    importer: Importer


class SealApi:
    """Shows seals and has them changed, for callers that may."""

    def __init__(self, seals: Seals, usage: Usage) -> None:
        self._seals = seals
        self._usage = usage

    async def apply_for_seal(self, request: messages.ApplyForSealRequest) -> messages.Seal:
        """Answer ApplyForSeal."""
        wanted = seal_convert.application(request)
        _about(wanted.id)
        await self._seals.applications.apply(wanted, calls.current().asker)
        return await self._answer(wanted.id)

    async def change_seal(self, request: messages.ChangeSealRequest) -> messages.Seal:
        """Answer ChangeSeal with the seal that shall be in the place of the old one."""
        old = _about(seal_convert.seal_id(request.name))
        wanted = seal_convert.application(request.application)
        asker = calls.current().asker
        await self._seals.applications.change(old, wanted, request.reason, asker)
        return await self._answer(wanted.id)

    async def review_seal(self, request: messages.ReviewSealRequest) -> messages.Seal:
        """Answer ReviewSeal."""
        seal = _about(seal_convert.seal_id(request.name))
        await self._seals.applications.review(
            seal, calls.current().asker, request.reason, accepted=request.accepted
        )
        return await self._answer(seal)

    async def make_seal(self, request: messages.MakeSealRequest) -> messages.Seal:
        """Answer MakeSeal."""
        making = seal_convert.making(request)
        _about(making.seal)
        calls.current().facts["key"] = making.maker_key
        await self._seals.maker.make(making, calls.current().asker)
        return await self._answer(making.seal)

    async def file_seal(self, request: messages.FileSealRequest) -> messages.Seal:
        """Answer FileSeal."""
        seal = _about(seal_convert.seal_id(request.name))
        await self._seals.filing.file(
            seal, request.filing_number, request.remark, calls.current().asker
        )
        return await self._answer(seal)

    async def suspend_seal(self, request: messages.SuspendSealRequest) -> messages.Seal:
        """Answer SuspendSeal."""
        seal = _about(seal_convert.seal_id(request.name))
        await self._seals.keeper.suspend(seal, request.reason, calls.current().asker)
        return await self._answer(seal)

    async def resume_seal(self, request: messages.ResumeSealRequest) -> messages.Seal:
        """Answer ResumeSeal."""
        seal = _about(seal_convert.seal_id(request.name))
        await self._seals.keeper.resume(seal, request.reason, calls.current().asker)
        return await self._answer(seal)

    async def cancel_seal(self, request: messages.CancelSealRequest) -> messages.Seal:
        """Answer CancelSeal."""
        seal = _about(seal_convert.seal_id(request.name))
        await self._seals.keeper.cancel(seal, request.reason, calls.current().asker)
        return await self._answer(seal)

    async def import_seal(self, request: messages.ImportSealRequest) -> messages.Seal:
        """Answer ImportSeal."""
        given = seal_convert.imported(request)
        _about(given.id)
        await self._seals.importer.take(given, calls.current().asker)
        return await self._answer(given.id)

    async def report_key_compromise(
        self, request: messages.ReportKeyCompromiseRequest
    ) -> messages.ReportKeyCompromiseResponse:
        """Answer ReportKeyCompromise."""
        key = convert.resource_id(request.key, "keys", "key")
        call = calls.current()
        call.facts["key"], call.resource = key, f"keys/{key}"
        found = await self._seals.keeper.report_compromise(key, request.reason, call.asker)
        call.facts["suspended"] = len(found)
        return messages.ReportKeyCompromiseResponse(suspended=[f"seals/{each}" for each in found])

    async def list_seals(self, request: messages.ListSealsRequest) -> messages.ListSealsResponse:
        """Answer ListSeals."""
        code = request.unified_social_credit_code
        if code:
            credit_code.check(code, "unified_social_credit_code")
        found, following = await self._seals.view.page(
            calls.current().asker,
            request.page_size,
            request.page_token,
            seal_convert.states(request.states),
            code,
        )
        uses = await self._uses(*(seal.id for seal in found))
        return messages.ListSealsResponse(
            seals=[seal_convert.seal_message(seal, uses[seal.id]) for seal in found],
            next_page_token=following,
        )

    async def get_seal(self, request: messages.GetSealRequest) -> messages.Seal:
        """Answer GetSeal."""
        return await self._answer(_about(seal_convert.seal_id(request.name)))

    async def list_seal_events(
        self, request: messages.ListSealEventsRequest
    ) -> messages.ListSealEventsResponse:
        """Answer ListSealEvents."""
        seal = _about(seal_convert.seal_id(request.name))
        found = await self._seals.view.events(calls.current().asker, seal)
        return messages.ListSealEventsResponse(events=map(seal_convert.event_message, found))

    async def get_seal_status(self, request: messages.GetSealStatusRequest) -> messages.SealStatus:
        """Answer GetSealStatus."""
        which, time = seal_convert.which(request), seal_convert.moment(request, "time")
        if which.name:
            _about(which.name)
        found = await self._seals.view.status(calls.current().asker, which, time)
        return seal_convert.status_message(found)

    async def _answer(self, seal: str) -> messages.Seal:
        """Return a seal as it is now, whole."""
        found = await self._seals.view.get(calls.current().asker, seal, whole=True)
        return seal_convert.seal_message(found, (await self._uses(seal))[seal])

    async def _uses(self, *seals: str) -> dict[str, int]:
        charges = {seal: Charge(scope=f"seals/{seal}") for seal in seals}
        found = await asyncio.to_thread(self._usage.counts, charges.values())
        return {seal: found[each.scope, each.window] for seal, each in charges.items()}


def _about(seal: str) -> str:
    """Note which seal the current call is about."""
    call = calls.current()
    call.facts["seal"], call.resource = seal, f"seals/{seal}"
    return seal
