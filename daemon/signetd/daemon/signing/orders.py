"""From what is to be signed to what the tokens get, planned once for all that is alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from signetd.daemon.keys import tokens as token_checks
from signetd.daemon.keys.tokens import Token
from signetd.daemon.signing.types import Signed
from signetd.daemon.signing.validate import Checked, Plan, check_enabled, plan
from signetd.drivers.errors import SignetError
from signetd.drivers.types import Algorithm, Input, KeyRef, Requester, SignOrder


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
class _Way:
    token: SigningToken
    plan: Plan
    ref: KeyRef
    verify: bool


class Planner:
    """Plans orders. For one moment: it does not look again at what it has seen."""

    def __init__(self, tokens: Mapping[str, SigningToken]) -> None:
        self._tokens = tokens
        self._ways: dict[tuple[int, Algorithm, Input], _Way] = {}
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
        way = self._ways.get(alike)
        if way is None:
            way = self._ways[alike] = self._way(checked)
        return way.token, SignOrder(
            key=way.ref,
            algorithm=checked.algorithm,
            input=way.plan.send,
            data=digest if way.plan.hash_here else checked.data,
            signer_id=checked.signer_id if way.plan.send is Input.MESSAGE else b"",
            verify=way.verify,
        )

    def _way(self, checked: Checked) -> _Way:
        check_enabled(checked.key)
        token = token_checks.find(self._tokens, checked.key.token)
        info = token_checks.holding(checked.key, token)
        token_checks.check_offered(checked.key.token, info, checked.algorithm)
        how = plan(checked, info.inputs[checked.algorithm])
        return _Way(token, how, checked.key.ref, checked.key.is_verified)
