"""Answers the methods of KeyService about the versions of keys."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from signetd.api.v1 import key_service_pb2 as messages
from signetd.api.v1.resources_pb2 import Key
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.rpc import calls, convert, key_messages


class Replacing(Protocol):
    """The registered keys, as far as their pairs are replaced."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return one key."""
        ...

    async def replace(
        self, key_id: str, token: str = "", *, cka_id: bytes = b"", label: str = ""
    ) -> RegisteredKey:
        """Have another pair of the same type sign from now on."""
        ...


class KeyVersionsApi:
    """A part of KeyApi. *visible* finds a key for who asks, *begin* records that an act begins."""

    def __init__(
        self,
        keys: Replacing,
        visible: Callable[[str], RegisteredKey],
        begin: Callable[[str, str], Awaitable[int]],
    ) -> None:
        self._keys, self._visible, self._begin = keys, visible, begin

    async def replace_key(self, request: messages.ReplaceKeyRequest) -> Key:
        """Answer ReplaceKey."""
        key_id = key_messages.key_id(request.name)
        before = self._keys.get(key_id)
        token = convert.resource_id(request.token, "tokens", "token") if request.token else ""
        calls.current().facts["token"] = token or before.token
        uses = await self._begin(key_id, _intent(before, token or before.token))
        key = await self._keys.replace(key_id, token, cka_id=request.cka_id, label=request.label)
        calls.current().outcome = (
            f"version {key.version} with the public key {key.fingerprint} signs from now on, in "
            f"tokens/{key.token}"
        )
        return key_messages.key_message(key, uses)

    async def list_key_versions(
        self, request: messages.ListKeyVersionsRequest
    ) -> messages.ListKeyVersionsResponse:
        """Answer ListKeyVersions."""
        key = self._visible(key_messages.key_id(request.name))
        return messages.ListKeyVersionsResponse(versions=key_messages.version_messages(key))


def _intent(key: RegisteredKey, token: str) -> str:
    return f"version {key.version} with the public key {key.fingerprint}, by one in tokens/{token}"
