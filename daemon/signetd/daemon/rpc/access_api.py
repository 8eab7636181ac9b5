"""Answers AccessService."""

import secrets
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec
from google.protobuf.empty_pb2 import Empty

from signetd.api.v1 import access_service_pb2 as messages
from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import ADMINISTRATORS, Grant, Identity
from signetd.daemon.rpc import access_convert, access_details, calls, convert, grant_convert
from signetd.daemon.rpc.access_convert import known_identity
from signetd.daemon.rpc.access_explain import Explainer, Keys, Usage
from signetd.daemon.rpc.paging import page
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.state import grants, groups, identities
from signetd.drivers.errors import Reason, SignetError


class Administrators(Protocol):
    """Knows what it takes to make somebody an administrator."""

    def reserve(self, approval: str, user: str) -> AbstractContextManager[None]:
        """Keep an approval for one request of *user* meanwhile; "" reserves nothing."""
        ...

    async def consume_for_administrator(
        self, identity: Identity, approval: str, user: str
    ) -> tuple[Effect, ...]:
        """Return what uses up the approval for *identity* as it shall be, its times aside.

        *approval* is as *user* gave it, "" for none. Raises APPROVAL_NEEDED and others.
        """
        ...


class AccessApi:
    """Shows and changes identities, groups and grants for callers that may.

    A change counts everywhere in this daemon before it is answered. ``sockets`` are the names that
    the configuration gives to Unix sockets.
    """

    def __init__(
        self,
        book: PolicyBook,
        keys: Keys,
        recorder: Recorder,
        usage: Usage,
        sockets: Collection[str],
        administrators: Administrators,
    ) -> None:
        self._book = book
        self._recorder = recorder
        self._explainer = Explainer(keys, usage)
        self._sockets = frozenset(sockets)
        self._administrators = administrators

    async def list_identities(
        self, request: messages.ListIdentitiesRequest
    ) -> messages.ListIdentitiesResponse:
        """Answer ListIdentities."""
        found, following = page(
            (await self._fresh()).identities,
            lambda each: each.name,
            request.page_size,
            request.page_token,
        )
        return messages.ListIdentitiesResponse(
            identities=[access_convert.identity_message(each) for each in found],
            next_page_token=following,
        )

    async def get_identity(self, request: messages.GetIdentityRequest) -> messages.Identity:
        """Answer GetIdentity."""
        name = access_convert.identity_name(request.name, "name")
        return access_convert.identity_message(known_identity(await self._fresh(), name))

    async def create_identity(self, request: messages.CreateIdentityRequest) -> messages.Identity:
        """Answer CreateIdentity."""
        wanted = access_convert.identity(request.identity, self._sockets)
        change = identities.create_identity(wanted)
        await self._admit(wanted, None, request.approval, change)
        return access_convert.identity_message(known_identity(self._book.snapshot, wanted.name))

    async def update_identity(self, request: messages.UpdateIdentityRequest) -> messages.Identity:
        """Answer UpdateIdentity."""
        name = access_convert.identity_name(request.identity.name, "identity.name")
        seen = known_identity(await self._fresh(), name)
        # Its credential is ignored, so it must not decide whether the rest is valid.
        request.identity.ClearField("credential")
        read = access_convert.identity(request.identity, ())
        wanted = msgspec.structs.replace(read, credential=seen.credential)
        change = identities.update_identity(wanted, seen)
        await self._admit(wanted, seen, request.approval, change)
        return access_convert.identity_message(known_identity(self._book.snapshot, name))

    async def delete_identity(self, request: messages.DeleteIdentityRequest) -> Empty:
        """Answer DeleteIdentity."""
        name = access_convert.identity_name(request.name, "name")
        await self._act(name, identities.delete_identity(name))
        return Empty()

    async def list_groups(self, request: messages.ListGroupsRequest) -> messages.ListGroupsResponse:
        """Answer ListGroups."""
        found, following = page(
            (await self._fresh()).groups,
            lambda each: each.id,
            request.page_size,
            request.page_token,
        )
        return messages.ListGroupsResponse(
            groups=[access_convert.group_message(each) for each in found],
            next_page_token=following,
        )

    async def set_group(self, request: messages.SetGroupRequest) -> messages.Group:
        """Answer SetGroup."""
        wanted = access_convert.group(request.group)
        detail = f"{len(wanted.members)} members"
        await self._act(f"groups/{wanted.id}", groups.set_group(wanted), detail=detail)
        return access_convert.group_message(wanted)

    async def delete_group(self, request: messages.DeleteGroupRequest) -> Empty:
        """Answer DeleteGroup."""
        group_id = convert.resource_id(request.name, "groups", "name")
        await self._act(f"groups/{group_id}", groups.delete_group(group_id))
        return Empty()

    async def list_grants(self, request: messages.ListGrantsRequest) -> messages.ListGrantsResponse:
        """Answer ListGrants."""
        found, following = page(
            _of_subject((await self._fresh()).grants, request.subject),
            lambda each: f"{each.create_time:%Y-%m-%dT%H:%M:%S.%f}/{each.id}",
            request.page_size,
            request.page_token,
        )
        return messages.ListGrantsResponse(
            grants=[grant_convert.grant_message(each) for each in found],
            next_page_token=following,
        )

    async def create_grant(self, request: messages.CreateGrantRequest) -> messages.Grant:
        """Answer CreateGrant."""
        grant_id = "g" + secrets.token_hex(8)
        wanted = grant_convert.grant(request.grant, grant_id, calls.current().identity)
        detail = access_details.of_grant(wanted)
        await self._act(f"grants/{grant_id}", grants.create_grant(wanted), detail=detail)
        return grant_convert.grant_message(_grant(self._book.snapshot, grant_id))

    async def delete_grant(self, request: messages.DeleteGrantRequest) -> Empty:
        """Answer DeleteGrant."""
        grant_id = convert.resource_id(request.name, "grants", "name")
        known = (await self._fresh()).grant(grant_id)
        detail = access_details.of_grant(known) if known else ""
        await self._act(f"grants/{grant_id}", grants.delete_grant(grant_id), detail=detail)
        return Empty()

    async def explain_access(
        self, request: messages.ExplainAccessRequest
    ) -> messages.ExplainAccessResponse:
        """Answer ExplainAccess."""
        return await self._explainer.answer(await self._fresh(), request)

    async def _fresh(self) -> Snapshot:
        """Return what counts now, also of what others who share the database have changed."""
        await self._book.refresh()
        return self._book.snapshot

    async def _act(
        self, resource: str, *effects: Effect, detail: str = "", approval: str = ""
    ) -> None:
        await self._recorder.act(resource, *effects, detail=detail, approval=approval)
        await self._book.refresh()

    async def _admit(
        self, wanted: Identity, seen: Identity | None, approval: str, change: Effect
    ) -> None:
        """Make *change*, with what it takes to let an administrator in by it."""
        user = calls.current().identity
        effects: tuple[Effect, ...] = ()
        with self._administrators.reserve(approval, user):
            if _lets_in(wanted, seen):
                effects = await self._administrators.consume_for_administrator(
                    wanted, approval, user
                )
            detail = access_details.of_identity(wanted)
            used = approval if effects else ""
            await self._act(wanted.name, *effects, change, detail=detail, approval=used)


def _lets_in(wanted: Identity, seen: Identity | None) -> bool:
    """Whether a change gives somebody an administrator's power that did not have it before.

    That is so for a new role, for one who was disabled, and for another certificate, behind which
    may be another person.
    """
    roles = wanted.roles & ADMINISTRATORS
    if not roles or wanted.disabled:
        return False
    if seen is None or seen.disabled or not roles <= seen.roles:
        return True
    return wanted.certificate_sha256 != seen.certificate_sha256


def _grant(snapshot: Snapshot, grant_id: str) -> Grant:
    found = snapshot.grant(grant_id)
    if found is None:
        raise SignetError(
            Reason.GRANT_NOT_FOUND, f"The grant grants/{grant_id} was deleted as it was made."
        )
    return found


def _of_subject(found: tuple[Grant, ...], subject: str) -> tuple[Grant, ...]:
    if not subject:
        return found
    asked = access_convert.subject(subject, "subject")
    return tuple(each for each in found if (each.identity, each.group) == asked)
