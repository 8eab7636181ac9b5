"""Answers TokenService."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, Protocol

from signetd.api.v1 import resources_pb2
from signetd.api.v1 import token_service_pb2 as messages
from signetd.daemon.keys.checks import check_page_size, page_token_after, read_page_token
from signetd.daemon.rpc import calls, convert
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import Algorithm, Pin, TokenInfo

_MAX_PIN_BYTES: Final = 255


class Token(Protocol):
    """A token of the configuration."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        ...

    @property
    def status(self) -> TokenStatus:
        """Where it is in its life."""
        ...

    @property
    def info(self) -> TokenInfo | None:
        """What it says of itself; None while it is absent."""
        ...

    @property
    def workers(self) -> int:
        """How many workers it should have."""
        ...

    @property
    def workers_ready(self) -> int:
        """How many workers are ready."""
        ...

    async def unlock(self, pin: Pin) -> None:
        """Present the user PIN."""
        ...

    async def lock(self) -> None:
        """Log out."""
        ...


class TokenApi:
    """Shows, unlocks and locks tokens; `profiles` maps a token's name to its profile's."""

    def __init__(self, tokens: Mapping[str, Token], profiles: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._profiles = profiles

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
        """Answer UnlockToken: the PIN is presented once."""
        token = self._find(request.name)
        await token.unlock(_pin(request.pin))
        return self._message(token)

    async def lock_token(self, request: messages.LockTokenRequest) -> resources_pb2.Token:
        """Answer LockToken."""
        token = self._find(request.name)
        await token.lock()
        return self._message(token)

    def _find(self, name: str) -> Token:
        token_id = convert.resource_id(name, "tokens", "name")
        calls.current().facts["token"] = token_id
        token = self._tokens.get(token_id)
        if token is None:
            raise SignetError(
                Reason.TOKEN_NOT_FOUND, f"There is no token {token_id} in the configuration."
            )
        return token

    def _message(self, token: Token) -> resources_pb2.Token:
        status = token.status
        message = resources_pb2.Token(
            name=f"tokens/{token.name}",
            profile=self._profiles[token.name],
            state=convert.token_state_number(status.state),
            state_reason="" if status.state is TokenState.READY else status.reason,
            state_time=convert.timestamp(status.since),
            workers=token.workers,
            workers_ready=token.workers_ready,
        )
        if token.info is not None:
            message.MergeFrom(_described(token.info))
        return message


def _described(info: TokenInfo) -> resources_pb2.Token:
    return resources_pb2.Token(
        label=info.label,
        serial=info.serial,
        manufacturer=info.manufacturer,
        model=info.model,
        module=info.module,
        algorithms=[convert.algorithm_number(each) for each in Algorithm if each in info.inputs],
        protection_level=convert.protection_number(info.protection_level),
    )


def _pin(value: str) -> Pin:
    # What is wrong is said without the PIN or its length.
    if not value:
        raise SignetError(Reason.INPUT_MISSING, "pin is missing; give the token's user PIN.")
    if len(value.encode()) > _MAX_PIN_BYTES:
        raise SignetError(Reason.PIN_INVALID, f"pin is longer than {_MAX_PIN_BYTES} bytes.")
    return Pin(value)
