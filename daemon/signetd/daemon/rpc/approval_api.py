"""Answers ApprovalService."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from signetd.api.v1 import approval_service_pb2 as messages
from signetd.daemon.approvals import subjects, texts
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.types import Subject
from signetd.daemon.keys import RegisteredKey, versions
from signetd.daemon.policy.types import Asker, Credential
from signetd.daemon.rpc import approval_convert, calls, convert, seal_convert, stamp_convert
from signetd.daemon.rpc.approval_watching import ApprovalWatchers
from signetd.daemon.seals.make import Making
from signetd.daemon.seals.stamp_types import StampInput
from signetd.daemon.signing import SignInput
from signetd.daemon.signing.validate import check, check_version
from signetd.drivers.errors import Reason, SignetError


class Keys(Protocol):
    """Where keys are looked up for those who may do with them what is to be approved.

    Both raise PERMISSION_DENIED to others, in the same words whether there is such a key or not,
    and KEY_NOT_FOUND.
    """

    def to_sign(self, identity: str, order: SignInput) -> RegisteredKey:
        """Return the key of a signature."""
        ...

    def to_destroy(self, identity: str, key_id: str) -> RegisteredKey:
        """Return a key for its destruction."""
        ...


class Seals(Protocol):
    """Where it is known what the making of a seal is about."""

    async def subject(self, making: Making, asker: Asker) -> tuple[Subject, RegisteredKey]:
        """Return what is to be approved, and the maker's key; raises PERMISSION_DENIED, …."""
        ...


class Stamps(Protocol):
    """Where it is known what a stamp is about."""

    async def subject(self, request: StampInput, asker: Asker) -> tuple[Subject, RegisteredKey]:
        """Return what is to be approved, and the seal's key; raises PERMISSION_DENIED, …."""
        ...


class ApprovalApi:
    """Asks for approvals, gives and shows them; whose they are is decided by the identities.

    *credential_of* tells how an identity of a name shows who it is, where a request leaves it out.
    """

    def __init__(
        self,
        approvals: Approvals,
        watchers: ApprovalWatchers,
        keys: Keys,
        seals: Seals,
        stamps: Stamps,
        credential_of: Callable[[str], Credential],
    ) -> None:
        self._seals = seals
        self._stamps = stamps
        self._approvals = approvals
        self._watchers = watchers
        self._keys = keys
        self._credential_of = credential_of

    async def create_approval(self, request: messages.CreateApprovalRequest) -> messages.Approval:
        """Answer CreateApproval."""
        call = calls.current()
        subject, key = await self._subject(request)
        made = await self._approvals.create(
            call.identity,
            subject,
            request.summary,
            approval_convert.lifetime(request),
            message=request.WhichOneof("subject") == "sign" and request.sign.HasField("message"),
            key=key,
        )
        call.facts["approval"] = made.id
        return approval_convert.message(made)

    async def get_approval(self, request: messages.GetApprovalRequest) -> messages.Approval:
        """Answer GetApproval."""
        approval_id = _approval_id(request.name)
        found = await self._approvals.get(calls.current().identity, approval_id)
        return approval_convert.message(found)

    async def list_approvals(
        self, request: messages.ListApprovalsRequest
    ) -> messages.ListApprovalsResponse:
        """Answer ListApprovals."""
        found, following = await self._approvals.page(
            calls.current().identity,
            request.page_size,
            request.page_token,
            approval_convert.states(request.states),
        )
        return messages.ListApprovalsResponse(
            approvals=map(approval_convert.message, found), next_page_token=following
        )

    async def approve_approval(self, request: messages.ApproveApprovalRequest) -> messages.Approval:
        """Answer ApproveApproval."""
        approval_id = _approval_id(request.name)
        voter = calls.current().identity
        after = await self._approvals.approve(voter, approval_id, request.digest, request.comment)
        return approval_convert.message(after)

    async def reject_approval(self, request: messages.RejectApprovalRequest) -> messages.Approval:
        """Answer RejectApproval."""
        approval_id = _approval_id(request.name)
        voter = calls.current().identity
        after = await self._approvals.reject(voter, approval_id, request.comment)
        return approval_convert.message(after)

    async def cancel_approval(self, request: messages.CancelApprovalRequest) -> messages.Approval:
        """Answer CancelApproval."""
        approval_id = _approval_id(request.name)
        after = await self._approvals.cancel(calls.current().identity, approval_id)
        return approval_convert.message(after)

    def watch_approvals(
        self, request: messages.WatchApprovalsRequest
    ) -> AsyncGenerator[messages.WatchApprovalsResponse]:
        """Answer WatchApprovals."""
        return self._watch(calls.current().identity)

    async def _watch(self, viewer: str) -> AsyncGenerator[messages.WatchApprovalsResponse]:
        async with aclosing(self._watchers.watch(viewer)) as changes:
            async for approval in changes:
                yield messages.WatchApprovalsResponse(approval=approval_convert.message(approval))

    async def _subject(self, request: messages.CreateApprovalRequest) -> tuple[Subject, str]:
        """Return the subject, and the name of the key that signs where it is not about a key."""
        match request.WhichOneof("subject"):
            case "sign":
                return await self._signature(request), ""
            case "destroy_key":
                found, version = convert.version_id(request.destroy_key.key, "key")
                key_id = _key_id(found)
                key = self._keys.to_destroy(calls.current().identity, key_id)
                return subjects.destruction(versions.at(key, version), version), ""
            case "administrator":
                identity = request.administrator.identity
                return approval_convert.administrator(identity, self._credential_of), ""
            case "make_seal":
                return await self._making(request)
            case "stamp":
                return await self._stamp(request)
        raise SignetError(
            Reason.INPUT_MISSING,
            "The subject is missing; give sign, stamp, destroy_key, administrator or make_seal.",
        )

    async def _making(self, request: messages.CreateApprovalRequest) -> tuple[Subject, str]:
        if request.make_seal.approval:
            raise _given("make_seal")
        making = seal_convert.making(request.make_seal)
        subject, key = await self._seals.subject(making, calls.current().asker)
        return subject, _key_id(key.id)

    async def _stamp(self, request: messages.CreateApprovalRequest) -> tuple[Subject, str]:
        if request.stamp.approval:
            raise _given("stamp")
        order = stamp_convert.stamp_input(request.stamp)
        subject, key = await self._stamps.subject(order, calls.current().asker)
        return subject, _key_id(key.id)

    async def _signature(self, request: messages.CreateApprovalRequest) -> Subject:
        if request.sign.approval:
            raise _given("sign")
        order = convert.sign_input(request.sign)
        _key_id(order.key)
        key = self._keys.to_sign(calls.current().identity, order)
        check_version(key, order.version)
        return await subjects.signature(check(key, order))


def _given(subject: str) -> SignetError:
    return SignetError(
        Reason.INPUT_INVALID,
        f"{subject}.approval is given; an approval is asked for without one, leave it out.",
    )


def _key_id(key_id: str) -> str:
    calls.current().facts["key"] = key_id
    return key_id


def _approval_id(name: str) -> str:
    approval_id = texts.read_name(name, "name")
    calls.current().facts["approval"] = approval_id
    return approval_id
