"""What allows a signature: grants, the key's policy and state, and a request that fits."""

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.charges import approvals_of
from signetd.daemon.policy.evaluate import Decision, Option
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import ApprovalRule, Asker, KeyPurpose
from signetd.daemon.signing.types import SignInput
from signetd.daemon.signing.validate import (
    Checked,
    check,
    check_allowed,
    check_enabled,
    check_purpose,
)
from signetd.drivers.types import Algorithm


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What permits rest on that ask for the same key in the same way, under one policy."""

    key: RegisteredKey
    version: int
    options: tuple[Option, ...]
    rules: tuple[ApprovalRule, ...]


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """What allows one signature, as long as the policy is the one that it was decided by."""

    checked: Checked
    basis: Basis


class Permits:
    """Permits that one caller is given in one moment; what asks for the same is decided once."""

    def __init__(self, gate: Gate, asker: Asker) -> None:
        self._gate = gate
        self._asker = asker
        self._decided: dict[tuple[str, Algorithm | None, bool], Basis] = {}

    def of(self, request: SignInput) -> Permit:
        """Return what allows *request*.

        Raises SignetError PERMISSION_DENIED, KEY_NOT_FOUND, KEY_PURPOSE_WRONG, KEY_STATE_WRONG,
        ALGORITHM_UNSUITABLE, and what ``validate.check`` raises.
        """
        asked = request.key, request.algorithm, request.digest is not None
        basis = self._decided.get(asked)
        if basis is None:
            basis = self._decided[asked] = self._decide(request)
        key = basis.key
        checked = check(key, request)
        check_allowed(key, checked.algorithm)
        check_enabled(key)
        return Permit(checked=checked, basis=basis)

    def _decide(self, request: SignInput) -> Basis:
        key, decision = self._gate.signing(
            self._asker,
            request.key,
            request.algorithm,
            digest_given=request.digest is not None,
        )
        check_purpose(key, KeyPurpose.SIGNING)
        options = alike(decision)
        return Basis(
            key=key,
            version=decision.version,
            options=options,
            rules=approvals_of(options[0], key.policy),
        )


def alike(decision: Decision) -> tuple[Option, ...]:
    """Return the options that ask for the same approval as the first, which asks for the least."""
    first = decision.alternatives[0].approval
    return tuple(option for option in decision.alternatives if option.approval == first)
