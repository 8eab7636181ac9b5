"""What allows a signature: grants, the key's policy and state, and a request that fits."""

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.charges import approvals_of
from signetd.daemon.policy.evaluate import Decision, Option
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.known import MAX_KNOWN
from signetd.daemon.policy.types import ApprovalRule, Asker, KeyPurpose
from signetd.daemon.signing.costs import Costs
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
    costs: Costs


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """What allows one signature, as long as the policy is the one that it was decided by."""

    checked: Checked
    basis: Basis


class Permits:
    """Gives permits, and remembers what they rest on."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._known: dict[tuple[str, str, Algorithm | None, bool], tuple[Decision, Basis]] = {}

    def of(self, request: SignInput, asker: Asker) -> Permit:
        """Return what allows *request* now.

        Raises SignetError PERMISSION_DENIED, KEY_NOT_FOUND, KEY_PURPOSE_WRONG, KEY_STATE_WRONG,
        ALGORITHM_UNSUITABLE, and what ``validate.check`` raises.
        """
        basis = self._basis(request, asker)
        key = basis.key
        checked = check(key, request)
        check_allowed(key, checked.algorithm)
        check_enabled(key)
        return Permit(checked=checked, basis=basis)

    def _basis(self, request: SignInput, asker: Asker) -> Basis:
        digest_given = request.is_hashed
        key, decision = self._gate.signing(
            asker, request.key, request.algorithm, digest_given=digest_given
        )
        asked = asker.identity, request.key, request.algorithm, digest_given
        known = self._known.get(asked)
        if known is not None and known[0] is decision and known[1].key is key:
            return known[1]
        check_purpose(key, KeyPurpose.SIGNING)
        basis = _basis(key, decision)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[asked] = decision, basis
        return basis


def _basis(key: RegisteredKey, decision: Decision) -> Basis:
    options = alike(decision)
    return Basis(
        key=key,
        version=decision.version,
        options=options,
        rules=approvals_of(options[0], key.policy),
        costs=Costs(key.id, key.policy, options),
    )


def alike(decision: Decision) -> tuple[Option, ...]:
    """Return the options that ask for the same approval as the first, which asks for the least."""
    first = decision.alternatives[0].approval
    return tuple(option for option in decision.alternatives if option.approval == first)
