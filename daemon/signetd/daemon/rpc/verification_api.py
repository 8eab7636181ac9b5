"""Answers VerificationService."""

from typing import Final

from signetd.api.v1 import verification_service_pb2 as messages
from signetd.daemon.rpc import calls, convert
from signetd.daemon.rpc import verification_convert as words
from signetd.daemon.trust.book import TrustBook
from signetd.daemon.trust.types import Counts, ImportedList
from signetd.daemon.trust.verifier import Verifier
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3

_MOST_VERSION: Final = 10**6


class VerificationApi:
    """Verifies for everybody, and has trust lists changed by callers that may."""

    def __init__(self, verifier: Verifier, book: TrustBook) -> None:
        self._verifier = verifier
        self._book = book

    async def verify_seal(self, request: messages.VerifySealRequest) -> messages.VerificationReport:
        """Answer VerifySeal."""
        data, wanted = words.check_size(request.seal, "seal"), words.wanted(request)
        _note(data, wanted.trust_list)
        judged = await self._verifier.seal(data, wanted, calls.current().identity)
        return words.report(judged)

    async def verify_stamp(
        self, request: messages.VerifyStampRequest
    ) -> messages.VerificationReport:
        """Answer VerifyStamp."""
        data, wanted = words.check_size(request.stamp, "stamp"), words.wanted(request)
        digest = words.digest(request)
        _note(data, wanted.trust_list)
        judged = await self._verifier.stamp(data, digest, wanted, calls.current().identity)
        return words.report(judged)

    async def import_trust_list(
        self, request: messages.ImportTrustListRequest
    ) -> messages.TrustList:
        """Answer ImportTrustList."""
        name = convert.new_id(request.trust_list, "trust_list", "trust list")
        _about(name)
        content = words.check_size(request.content, "content", words.MAX_LIST_BYTES)
        creator = calls.current().identity
        version = await self._book.take(name, content, request.comment, creator)
        calls.current().facts["version"] = version
        return await self._answer(await self._book.get(name, version))

    async def retire_trust_list(
        self, request: messages.RetireTrustListRequest
    ) -> messages.TrustList:
        """Answer RetireTrustList."""
        name = _about(words.list_id(request.name))
        await self._book.retire(name)
        return await self._answer(await self._book.get(name))

    async def list_trust_lists(
        self, request: messages.ListTrustListsRequest
    ) -> messages.ListTrustListsResponse:
        """Answer ListTrustLists."""
        found = await self._book.newest()
        counts = await self._book.counts(*found)
        return messages.ListTrustListsResponse(
            trust_lists=[words.trust_list(each, counts[each.sm3]) for each in found]
        )

    async def get_trust_list(self, request: messages.GetTrustListRequest) -> messages.TrustList:
        """Answer GetTrustList."""
        name = _about(words.list_id(request.name))
        if not 0 <= request.version <= _MOST_VERSION:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"version is {request.version}; give one from 1 on, or 0 for the newest.",
            )
        return await self._answer(await self._book.get(name, request.version, whole=True))

    async def _answer(self, found: ImportedList) -> messages.TrustList:
        counts: Counts = (await self._book.counts(found))[found.sm3]
        return words.trust_list(found, counts)


def _about(list_id: str) -> str:
    """Note which trust list the current call is about."""
    call = calls.current()
    call.facts["trust_list"], call.resource = list_id, f"trustLists/{list_id}"
    return list_id


def _note(data: bytes, trust_list: str) -> None:
    """Note what is verified, by its SM3, for the log."""
    call = calls.current()
    call.facts["sm3"] = sm3(data).hex()
    if trust_list:
        call.facts["trust_list"], call.resource = trust_list, f"trustLists/{trust_list}"
