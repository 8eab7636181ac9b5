"""What the client for asyncio does with identities, groups and grants."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from signetd.api.v1 import access_service_pb2 as access
from signetd.client import _access_operations as operations
from signetd.client._operations import Operation
from signetd.client.grants import GrantItem
from signetd.client.identities import IdentityItem


class AsyncAccessCalls:
    """The calls of AccessService. Every method raises SignetdError."""

    async def _call(self, operation: Operation) -> Any:
        raise NotImplementedError

    async def _pages(self, page: Callable[[str], Operation], field: str) -> list[Any]:
        found: list[Any] = []
        token = ""
        while True:
            reply = await self._call(page(token))
            found += getattr(reply, field)
            token = reply.next_page_token
            if not token:
                return found

    async def list_identities(self) -> list[access.Identity]:
        """List all identities, by name."""
        return await self._pages(operations.list_identities, "identities")

    async def get_identity(self, name: str) -> access.Identity:
        """Return one identity."""
        return await self._call(operations.get_identity(name))  # type: ignore[no-any-return]

    async def create_identity(self, item: IdentityItem, *, approval: str = "") -> access.Identity:
        """Add an identity; *approval* is the name of one, where an administrator needs it."""
        operation = operations.create_identity(item, approval)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def update_identity(self, item: IdentityItem, *, approval: str = "") -> access.Identity:
        """Replace the roles, the pinned certificate and the state of an identity."""
        operation = operations.update_identity(item, approval)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def delete_identity(self, name: str) -> None:
        """Remove an identity that no grant names, with its memberships."""
        await self._call(operations.delete_identity(name))

    async def list_groups(self) -> list[access.Group]:
        """List all groups, by name."""
        return await self._pages(operations.list_groups, "groups")

    async def set_group(self, name: str, members: Iterable[str]) -> access.Group:
        """Make a group, or replace all its members."""
        return await self._call(operations.set_group(name, members))  # type: ignore[no-any-return]

    async def delete_group(self, name: str) -> None:
        """Delete a group that nothing names."""
        await self._call(operations.delete_group(name))

    async def list_grants(self, subject: str = "") -> list[access.Grant]:
        """List all grants, the oldest first; only those of *subject*, if it is given."""

        def page(token: str) -> Operation:
            return operations.list_grants(subject, token)

        return await self._pages(page, "grants")

    async def create_grant(self, item: GrantItem) -> access.Grant:
        """Make a grant."""
        return await self._call(operations.create_grant(item))  # type: ignore[no-any-return]

    async def delete_grant(self, name: str) -> None:
        """Delete a grant."""
        await self._call(operations.delete_grant(name))

    async def explain_access(
        self,
        identity: str,
        key: str,
        operation: str,
        *,
        algorithm: str | None = None,
        message: bool = False,
        time: datetime | None = None,
    ) -> access.ExplainAccessResponse:
        """Tell whether an identity may "read", "verify", "sign" or "stamp", and why.

        *time* is now if None.

        With *message* it is about a whole message instead of a digest.
        """
        question = operations.explain_access(
            identity, key, operation, algorithm=algorithm, message=message, time=time
        )
        return await self._call(question)  # type: ignore[no-any-return]
