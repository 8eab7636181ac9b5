"""Signs with tokens, and verifies with the registered public keys."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from signetd.daemon.keys import versions
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.signing.faults import FaultCounter
from signetd.daemon.signing.orders import Group, Planner, SigningToken, Ways
from signetd.daemon.signing.types import Encoding, Signed, Verified, VerifyInput
from signetd.daemon.signing.validate import Checked, check
from signetd.drivers.algorithms import INTEGER_BYTES
from signetd.drivers.errors import SignetError
from signetd.drivers.types import Input, Requester
from signetd.drivers.verify import verify
from signetd.gm.encoding import der_to_raw, raw_to_der

_NOBODY: Final = Requester()


class Keys(Protocol):
    """Where keys are looked up."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...


class SigningEngine:
    """Makes and verifies signatures; who may ask for them is decided before."""

    def __init__(
        self, keys: Keys, tokens: Mapping[str, SigningToken], faults: FaultCounter
    ) -> None:
        self._keys = keys
        self._ways = Ways(tokens)
        self._faults = faults

    async def sign(self, checked: Checked, digest: bytes, requester: Requester = _NOBODY) -> Signed:
        """Sign what was checked, for *requester*; *digest* is its ``named_digest``.

        Raises SignetError KEY_STATE_WRONG; TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT,
        TOKEN_RECOVERING; KEY_NOT_ON_TOKEN; ALGORITHM_NOT_ON_TOKEN; ALGORITHM_UNSUITABLE for a
        digest where the token takes only messages; and what the token answers.
        """
        token, order = Planner(self._ways).order(checked, digest)
        raw = await self._faults.watch(checked.key, token.sign(order, requester))
        return _signed(checked, raw)

    async def sign_many(
        self, wanted: Sequence[tuple[Checked, bytes]], requester: Requester = _NOBODY
    ) -> list[Signed | SignetError]:
        """Sign many, each as `sign` does; what that raises is the result of the one item.

        The tokens work side by side.
        """
        planner = Planner(self._ways)
        results = planner.take(wanted)
        work = [self._sign_on(group, wanted, results, requester) for group in planner.groups]
        if len(work) == 1:
            await work[0]  # as nearly always: no task is needed for it
        else:
            await asyncio.gather(*work)
        return [each for each in results if each is not None]  # as many: each has its own by now

    async def _sign_on(
        self,
        group: Group,
        wanted: Sequence[tuple[Checked, bytes]],
        results: list[Signed | SignetError | None],
        requester: Requester,
    ) -> None:
        made = await _made(group, requester)
        for index, raw in zip(group.places, made, strict=True):
            checked = wanted[index][0]
            if isinstance(raw, SignetError):
                await self._faults.failed(checked.key, raw)
                results[index] = raw
            else:
                self._faults.succeeded(checked.key)
                results[index] = _signed(checked, raw)

    def check_takes_digest(self, checked: Checked) -> None:
        """Raise what `sign` would, at this moment, for a digest with what was checked."""
        hashed = msgspec.structs.replace(checked, input=Input.DIGEST, signer_id=b"")
        Planner(self._ways).order(hashed, b"")

    async def verify(self, request: VerifyInput) -> Verified:
        """Verify a signature with the registered public key, whatever the key's state.

        Without a version it is tried with the one that signs, and then with the older ones, the
        newest first. A malformed signature is an invalid one. Raises SignetError KEY_NOT_FOUND and
        what ``validate.check`` raises.
        """
        key = self._keys.get(request.key)
        if request.version is not None:
            key = msgspec.structs.replace(versions.at(key, request.version), older=())
        checked = check(key, request)
        found = await asyncio.to_thread(_verified_with, checked, request.signature)
        return Verified(valid=found is not None, algorithm=checked.algorithm, key=found or key)


async def _made(group: Group, requester: Requester) -> Sequence[bytes | SignetError]:
    if len(group.orders) > 1:
        return await group.token.sign_many(group.orders, requester)
    try:
        return (await group.token.sign(group.orders[0], requester),)
    except SignetError as error:
        return (error,)


def _signed(checked: Checked, raw: bytes) -> Signed:
    return Signed(
        signature=raw_to_der(raw) if checked.encoding is Encoding.DER else raw,
        encoding=checked.encoding,
        algorithm=checked.algorithm,
        key=checked.key,
    )


def _verified_with(checked: Checked, signature: bytes) -> RegisteredKey | None:
    for each in versions.every(checked.key):
        if _is_valid(msgspec.structs.replace(checked, key=each), signature):
            return each
    return None


def _is_valid(checked: Checked, signature: bytes) -> bool:
    try:
        raw = _raw(checked, signature)
    except ValueError:
        return False
    return verify(
        checked.key.spki,
        checked.algorithm,
        checked.input,
        checked.data,
        raw,
        checked.signer_id if checked.input is Input.MESSAGE else b"",
    )


def _raw(checked: Checked, signature: bytes) -> bytes:
    size = INTEGER_BYTES.get(checked.algorithm)
    if size is None:
        return signature
    if checked.encoding is Encoding.DER:
        return der_to_raw(signature, size)
    if len(signature) != 2 * size:
        raise ValueError("r and s have the wrong length")
    return signature
