"""From what is to be signed to what the tokens get, planned once for all that is alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from signetd.daemon.keys import tokens as token_checks
from signetd.daemon.keys.tokens import Token
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.signing.types import Signed
from signetd.daemon.signing.validate import Checked, Plan, check_enabled, plan
from signetd.drivers.errors import SignetError
from signetd.drivers.types import Algorithm, Input, KeyRef, Requester, SignOrder, TokenInfo

_MAX_KNOWN: Final = 16_384
"""Ways that are remembered; when there are as many, all are forgotten."""


class SigningToken(Token, Protocol):
    """A token that signs."""

    async def sign(self, order: SignOrder, requester: Requester) -> bytes:
        """Return the signature: raw r ‖ s for SM2 and ECDSA, the octets otherwise."""
        ...

    async def sign_many(
        self, orders: Sequence[SignOrder], requester: Requester
    ) -> Sequence[bytes | SignetError]:
        """Return as many signatures as orders, in their order, or why there is none."""
        ...


@dataclass
class Group:
    """What one token is to sign, and where each of it stands among all that is wanted."""

    token: SigningToken
    places: list[int] = field(default_factory=list)
    orders: list[SignOrder] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """How a token is asked for signatures with a key."""

    key: RegisteredKey
    info: TokenInfo
    token: SigningToken
    plan: Plan
    ref: KeyRef
    verify: bool


class Ways:
    """Finds the way, and remembers it for as long as the key and the token are as they were."""

    def __init__(self, tokens: Mapping[str, SigningToken]) -> None:
        self._tokens = tokens
        self._known: dict[tuple[str, Algorithm, Input], Way] = {}

    def of(self, checked: Checked) -> Way:
        """Return the way of a signature; raises as ``Planner.order``."""
        key = checked.key
        check_enabled(key)
        token = token_checks.find(self._tokens, key.token)
        info = token_checks.ready(key.token, token)
        asked = key.id, checked.algorithm, checked.input
        known = self._known.get(asked)
        if known is not None and known.key is key and known.info is info:
            return known
        token_checks.holding(key, token)
        token_checks.check_offered(key.token, info, checked.algorithm)
        how = plan(checked, info.inputs[checked.algorithm])
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        found = self._known[asked] = Way(key, info, token, how, key.ref, key.is_verified)
        return found


class Planner:
    """Plans orders. For one moment: it does not look again at what it has seen."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._seen: dict[tuple[int, Algorithm, Input], Way] = {}
        self._groups: dict[str, Group] = {}

    @property
    def groups(self) -> Iterable[Group]:
        """What `take` has planned, by token."""
        return self._groups.values()

    def take(self, wanted: Sequence[tuple[Checked, bytes]]) -> list[Signed | SignetError | None]:
        """Plan what is *wanted*, and return a place for each result: None, or why there is none."""
        results: list[Signed | SignetError | None] = [None] * len(wanted)
        for index, (checked, digest) in enumerate(wanted):
            try:
                token, order = self.order(checked, digest)
            except SignetError as error:
                results[index] = error
                continue
            group = self._groups.setdefault(checked.key.token, Group(token))
            group.places.append(index)
            group.orders.append(order)
        return results

    def order(self, checked: Checked, digest: bytes) -> tuple[SigningToken, SignOrder]:
        """Return what the token of the key gets; *digest* is the ``named_digest``.

        Raises SignetError KEY_STATE_WRONG; TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT,
        TOKEN_RECOVERING; KEY_NOT_ON_TOKEN; ALGORITHM_NOT_ON_TOKEN; ALGORITHM_UNSUITABLE for a
        digest where the token takes only messages.
        """
        alike = id(checked.key), checked.algorithm, checked.input
        way = self._seen.get(alike)
        if way is None:
            way = self._seen[alike] = self._ways.of(checked)
        return way.token, SignOrder(
            key=way.ref,
            algorithm=checked.algorithm,
            input=way.plan.send,
            data=digest if way.plan.hash_here else checked.data,
            signer_id=checked.signer_id if way.plan.send is Input.MESSAGE else b"",
            verify=way.verify,
        )
