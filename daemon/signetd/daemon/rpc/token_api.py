"""Answers TokenService."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Mapping
from typing import Final, Protocol

from signetd.api.v1 import resources_pb2
from signetd.api.v1 import token_service_pb2 as messages
from signetd.daemon.keys.checks import check_page_size, page_token_after, read_page_token
from signetd.daemon.rpc import calls, convert
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.token_messages import ShownToken, TokenMessages
from signetd.daemon.rpc.watching import Watchers
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin

_MAX_PIN_BYTES: Final = 255
_MAX_NAMES: Final = 1000


class Token(ShownToken, Protocol):
    """A token of the configuration."""

    async def unlock(self, pin: Pin, *, accept_final_try: bool) -> None:
        """Present the user PIN; *accept_final_try*: even if a wrong one would lock the token."""
        ...

    async def lock(self) -> None:
        """Log out."""
        ...


class TokenApi:
    """Shows, watches, unlocks and locks tokens."""

    def __init__(
        self,
        tokens: Mapping[str, Token],
        writer: TokenMessages,
        watchers: Watchers,
        recorder: Recorder,
    ) -> None:
        self._recorder = recorder
        self._tokens = tokens
        self._writer = writer
        self._watchers = watchers

    async def list_tokens(self, request: messages.ListTokensRequest) -> messages.ListTokensResponse:
        """Answer ListTokens."""
        size = check_page_size(request.page_size)
        names = sorted(self._tokens)
        start = bisect_right(names, read_page_token(request.page_token))
        page = names[start : start + size]
        more = len(names) > start + size
        return messages.ListTokensResponse(
            tokens=[self._message(self._tokens[name]) for name in page],
            next_page_token=page_token_after(page[-1]) if more else "",
        )

    async def get_token(self, request: messages.GetTokenRequest) -> resources_pb2.Token:
        """Answer GetToken."""
        return self._message(self._find(request.name))

    async def unlock_token(self, request: messages.UnlockTokenRequest) -> resources_pb2.Token:
        """Answer UnlockToken: the PIN is presented once.

        A login that is broken off would leave open whether the token has counted the PIN; so it
        counts on the recorder, which carries out what changes something whether its caller waits
        or not.
        """
        token = self._find(request.name)
        pin = _pin(request.pin)
        await self._recorder.begin(f"tokens/{token.name}")
        await token.unlock(pin, accept_final_try=request.accept_final_try)
        return self._message(token)

    async def lock_token(self, request: messages.LockTokenRequest) -> resources_pb2.Token:
        """Answer LockToken."""
        token = self._find(request.name)
        await self._recorder.begin(f"tokens/{token.name}")
        await token.lock()
        return self._message(token)

    def watch_tokens(
        self, request: messages.WatchTokensRequest
    ) -> AsyncGenerator[messages.WatchTokensResponse]:
        """Answer WatchTokens."""
        if len(request.names) > _MAX_NAMES:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"names has {len(request.names)} entries; at most {_MAX_NAMES} are allowed: leave "
                "names out to watch all tokens.",
            )
        names = {self._find(name, "names").name for name in request.names} or set(self._tokens)
        call = calls.current()
        call.facts["token"] = ",".join(sorted(names)) if request.names else "*"
        return self._watchers.watch(call.identity, names)

    def _find(self, name: str, field: str = "name") -> Token:
        token_id = convert.resource_id(name, "tokens", field)
        calls.current().facts["token"] = token_id
        token = self._tokens.get(token_id)
        if token is None:
            raise SignetError(
                Reason.TOKEN_NOT_FOUND, f"There is no token {token_id} in the configuration."
            )
        return token

    def _message(self, token: Token) -> resources_pb2.Token:
        return self._writer.write(token, token.status)


def _pin(value: str) -> Pin:
    # What is wrong is said without the PIN or its length.
    if not value:
        raise SignetError(Reason.INPUT_MISSING, "pin is missing; give the token's user PIN.")
    if len(value.encode()) > _MAX_PIN_BYTES:
        raise SignetError(Reason.PIN_INVALID, f"pin is longer than {_MAX_PIN_BYTES} bytes.")
    return Pin(value)
