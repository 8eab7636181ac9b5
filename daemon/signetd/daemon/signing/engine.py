"""Signs with tokens, and verifies with the registered public keys."""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from signetd.daemon.keys import tokens as token_checks
from signetd.daemon.keys import versions
from signetd.daemon.keys.tokens import Token
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.signing.faults import FaultCounter
from signetd.daemon.signing.types import Encoding, Signed, Verified, VerifyInput
from signetd.daemon.signing.validate import Checked, Plan, check, check_enabled, plan
from signetd.drivers.algorithms import INTEGER_BYTES
from signetd.drivers.types import Input, Requester, SignOrder
from signetd.drivers.verify import verify
from signetd.gm.encoding import der_to_raw, raw_to_der

_NOBODY: Final = Requester()


class Keys(Protocol):
    """Where keys are looked up."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...


class SigningToken(Token, Protocol):
    """A token that signs."""

    async def sign(self, order: SignOrder, requester: Requester) -> bytes:
        """Return the signature: raw r ‖ s for SM2 and ECDSA, the octets otherwise."""
        ...


class SigningEngine:
    """Makes and verifies signatures; who may ask for them is decided before."""

    def __init__(
        self, keys: Keys, tokens: Mapping[str, SigningToken], faults: FaultCounter
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._faults = faults

    async def sign(self, checked: Checked, digest: bytes, requester: Requester = _NOBODY) -> Signed:
        """Sign what was checked, for *requester*; *digest* is its ``named_digest``.

        Raises SignetError KEY_STATE_WRONG; TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT,
        TOKEN_RECOVERING; KEY_NOT_ON_TOKEN; ALGORITHM_NOT_ON_TOKEN; ALGORITHM_UNSUITABLE for a
        digest where the token takes only messages; and what the token answers.
        """
        check_enabled(checked.key)
        token = token_checks.find(self._tokens, checked.key.token)
        order = _order(checked, _plan_for(checked, token), digest)
        raw = await self._faults.watch(checked.key, token.sign(order, requester))
        return Signed(
            signature=raw_to_der(raw) if checked.encoding is Encoding.DER else raw,
            encoding=checked.encoding,
            algorithm=checked.algorithm,
            key=checked.key,
        )

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


def _plan_for(checked: Checked, token: SigningToken) -> Plan:
    info = token_checks.holding(checked.key, token)
    token_checks.check_offered(checked.key.token, info, checked.algorithm)
    return plan(checked, info.inputs[checked.algorithm])


def _order(checked: Checked, how: Plan, digest: bytes) -> SignOrder:
    return SignOrder(
        key=checked.key.ref,
        algorithm=checked.algorithm,
        input=how.send,
        data=digest if how.hash_here else checked.data,
        signer_id=how.signer_id,
        verify=checked.key.is_verified,
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
