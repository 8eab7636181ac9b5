"""Writes tokens as messages of the API."""

from collections.abc import Mapping
from typing import Protocol

from signetd.api.v1 import resources_pb2
from signetd.daemon.rpc import convert
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import Algorithm, TokenInfo


class ShownToken(Protocol):
    """A token of the configuration, as far as it is shown."""

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


class TokenMessages:
    """Writes tokens; `profiles` maps a token's name to its profile's."""

    def __init__(self, profiles: Mapping[str, str]) -> None:
        self._profiles = profiles

    def write(self, token: ShownToken, status: TokenStatus) -> resources_pb2.Token:
        """Write a token in the state *status*."""
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
