"""What the daemon needs of a token, and the checks before a token is used."""

from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

from signetd.daemon.keys.types import RegisteredKey
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import Algorithm, KeyInfo, KeyRef, KeyType, Survey, TokenInfo, Traces


class Token(Protocol):
    """A token as far as its state goes."""

    @property
    def status(self) -> TokenStatus:
        """Where the token is in its life."""
        ...

    @property
    def info(self) -> TokenInfo | None:
        """What the token says of itself; None while that is not known."""
        ...


class TracingToken(Token, Protocol):
    """A token that tells what is left of a key pair."""

    async def find_traces(self, ref: KeyRef) -> Traces:
        """Look in fresh sessions for whatever is left of a key pair."""
        ...


class KeyToken(TracingToken, Protocol):
    """A token on which key pairs are made, found and destroyed."""

    async def keys(self) -> list[KeyInfo]:
        """List the key pairs."""
        ...

    async def survey(self) -> Survey:
        """List every private key, those too that make no usable pair."""
        ...

    async def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        """Find the one protected key pair of this CKA_ID and label."""
        ...

    async def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        """Make a key pair that never leaves the token."""
        ...

    async def destroy(self, ref: KeyRef) -> None:
        """Destroy a key pair; KEY_NOT_ON_TOKEN where nothing of it is there."""
        ...

    def complain(self, topic: str, why: str) -> None:
        """Show the token as degraded for the reason *why*, until *topic* is settled."""
        ...

    def settle(self, topic: str) -> None:
        """End the complaint about *topic*, if there is one."""
        ...


_RETRY_SECONDS: Final = 1.0

AnyToken = TypeVar("AnyToken", bound=Token)


def find(tokens: Mapping[str, AnyToken], name: str) -> AnyToken:
    """Return the token of the configuration; raises SignetError TOKEN_NOT_FOUND."""
    token = tokens.get(name)
    if token is None:
        raise SignetError(
            Reason.TOKEN_NOT_FOUND,
            f"The configuration has no token {name[:80]!r}. List the tokens to see their names.",
        )
    return token


def ready(name: str, token: Token) -> TokenInfo:
    """Return what a token that serves says of itself.

    Raises SignetError TOKEN_LOCKED, TOKEN_ABSENT, TOKEN_RECOVERING.
    """
    status, info = token.status, token.info
    if status.state.serves and info is not None:
        return info
    raise _not_serving(name, status)


def _not_serving(name: str, status: TokenStatus) -> SignetError:
    why = _because(status)
    match status.state:
        case TokenState.LOCKED:
            return SignetError(
                Reason.TOKEN_LOCKED,
                f"The token {name!r} is locked{why}. Unlock it with its PIN.",
            )
        case TokenState.PRESENT:
            return SignetError(
                Reason.TOKEN_RECOVERING,
                f"The token {name!r} is there and not ready yet{why}. Try again soon.",
                retry_after=_RETRY_SECONDS,
            )
        case TokenState.FAILED:
            return SignetError(
                Reason.TOKEN_RECOVERING,
                f"The token {name!r} has failed{why}. It is tried again and again; if it stays so, "
                "look at the token and the log.",
                retry_after=_RETRY_SECONDS,
            )
    return SignetError(
        Reason.TOKEN_ABSENT,
        f"The token {name!r} is absent{why}. Plug it in, or check its module.",
        retry_after=_RETRY_SECONDS,
    )


def holding(key: RegisteredKey, token: Token) -> TokenInfo:
    """Return what the token of *key* says of itself; KEY_NOT_ON_TOKEN if it is another token."""
    info = ready(key.token, token)
    if info.serial != key.token_serial:
        raise SignetError(
            Reason.KEY_NOT_ON_TOKEN,
            f"The key {key.id!r} is on the token with the serial {key.token_serial!r}, but the "
            f"token {key.token!r} has the serial {info.serial!r}. Plug in the registered one.",
        )
    return info


def check_offered(name: str, info: TokenInfo, algorithm: Algorithm) -> None:
    """Raise ALGORITHM_NOT_ON_TOKEN if the token cannot sign with *algorithm*."""
    if not info.inputs.get(algorithm):
        offered = ", ".join(sorted(each for each, inputs in info.inputs.items() if inputs))
        raise SignetError(
            Reason.ALGORITHM_NOT_ON_TOKEN,
            f"The token {name!r} does not offer {algorithm}; it offers: {offered or 'nothing'}."
            + _other_profile(info),
        )


def _other_profile(info: TokenInfo) -> str:
    if not info.better_profile:
        return ""
    return (
        f' By what it says of itself, the profile "{info.better_profile}" fits it better than its '
        "own; signetctl token probe tells more."
    )


def _because(status: TokenStatus) -> str:
    reason = status.reason.strip().rstrip(".")
    return f" ({reason})" if reason else ""
