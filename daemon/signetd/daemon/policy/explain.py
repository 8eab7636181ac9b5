"""Tells why a use would be allowed or not. Pure; ``decide`` decides, here are the reasons."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from signetd.daemon.audit.types import Charge
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy import key_rules
from signetd.daemon.policy.charges import approvals_of, charges_of, key_charges
from signetd.daemon.policy.conditions import CONDITIONS, counts
from signetd.daemon.policy.evaluate import Decision, Option, decide, option_of
from signetd.daemon.policy.finding import Finding
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import (
    USES,
    ApprovalRule,
    Grant,
    GrantEffect,
    KeyPolicy,
    Operation,
    Role,
)
from signetd.daemon.policy.use import Use

Counts = Mapping[tuple[str, str], int]
"""How many uses were counted, by scope and window."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a use would be allowed, in one sentence, and everything that was looked at.

    ``approvals`` must all have been given for it.
    """

    allowed: bool
    summary: str
    findings: tuple[Finding, ...]
    approvals: tuple[ApprovalRule, ...] = ()


def charges_asked(snapshot: Snapshot, use: Use, key: RegisteredKey | None) -> list[Charge]:
    """Return the charges whose counters an explanation wants to know."""
    if use.operation not in USES:
        return []
    found = list(key_charges(use.key_id, key.policy, use.moment)) if key is not None else []
    for grant in snapshot.candidates(use.identity, use.key_id, use.operation).allows:
        found += charges_of(option_of(grant), use.moment).charges
    return found


def explain(snapshot: Snapshot, use: Use, key: RegisteredKey | None, used: Counts) -> Explanation:
    """Explain *use*; *key* is the key if there is one, *used* the counters of ``charges_asked``."""
    decision = decide(snapshot, use)
    of_identity = list(_of_identity(snapshot, use))
    of_key = [*key_rules.findings(key, use), *_limits_of_key(key, use, used)]
    of_grants = _of_grants(snapshot, use, used)
    rule = key.policy.approval if key is not None else None
    findings = (*of_identity, *of_key, *_approvers(snapshot, rule, use), *of_grants)
    option = _first_free(decision, use, used)
    obstacles = [each.text for each in (*of_identity, *of_key) if not each.supports]
    if option is not None and not obstacles:
        return _allowed(option, _approvals(option, use, key), findings)
    summary = f"No: {obstacles[0]}." if obstacles else _refusal(decision)
    return Explanation(allowed=False, summary=summary, findings=findings)


def _allowed(
    option: Option, approvals: tuple[ApprovalRule, ...], findings: tuple[Finding, ...]
) -> Explanation:
    needs = ", once it is approved as told" if approvals else ""
    return Explanation(
        allowed=True,
        summary=f"Yes: grants/{option.grant_id} allows it{needs}.",
        findings=findings,
        approvals=approvals,
    )


def _approvals(option: Option, use: Use, key: RegisteredKey | None) -> tuple[ApprovalRule, ...]:
    if use.operation not in USES:
        return ()
    return approvals_of(option, key.policy if key is not None else KeyPolicy())


def _refusal(decision: Decision) -> str:
    if decision.denied_by:
        return f"No: grants/{decision.denied_by} forbids it, whatever others allow."
    if decision.allowed:
        return "No: the limits of every grant that allows it are reached."
    return "No: no grant allows it, and what no grant allows is refused."


def _first_free(decision: Decision, use: Use, used: Counts) -> Option | None:
    """Return the alternative that would be taken: the first whose limits have room."""
    for option in decision.alternatives:
        if all(_has_room(charge, used) for charge in _charges(option, use)):
            return option
    return None


def _charges(option: Option, use: Use) -> Iterable[Charge]:
    # Only what signs is counted.
    return charges_of(option, use.moment).charges if use.operation in USES else ()


def _has_room(charge: Charge, used: Counts) -> bool:
    return charge.limit is None or used.get((charge.scope, charge.window), 0) < charge.limit


def _of_identity(snapshot: Snapshot, use: Use) -> Iterator[Finding]:
    identity = snapshot.identity(use.identity)
    if identity is None:
        yield Finding(supports=False, text=f"there is no identity {use.identity!r}")
        return
    state = "disabled" if identity.disabled else "enabled"
    yield Finding(supports=not identity.disabled, text=f"the identity is {state}")
    if use.operation in USES:
        signs = Role.SIGNER in identity.roles
        yield Finding(
            supports=signs, text=f"the identity {'has' if signs else 'lacks'} the role signer"
        )


def _limits_of_key(key: RegisteredKey | None, use: Use, used: Counts) -> Iterator[Finding]:
    if key is None or use.operation not in USES:
        return
    for charge in key_charges(use.key_id, key.policy, use.moment):
        if charge.limit is not None:
            yield _limit("the key", "", charge, used)


def _limit(who: str, grant: str, charge: Charge, used: Counts) -> Finding:
    count = used.get((charge.scope, charge.window), 0)
    when = f"in {charge.window} (UTC)" if charge.window else "in all"
    text = f"{who} has {count} of {charge.limit} uses {when}"
    return Finding(grant=grant, supports=_has_room(charge, used), text=text)


def _of_grants(snapshot: Snapshot, use: Use, used: Counts) -> Iterator[Finding]:
    found = snapshot.candidates(use.identity, use.key_id, use.operation)
    for grant in (*found.denies, *found.allows):
        yield _whole(grant, use)
        yield from _conditions(grant, use)
        for charge in _charges(option_of(grant), use):
            yield _limit("the grant", grant.id, charge, used)
        yield from _approvers(snapshot, grant.conditions.approval, use, grant.id)
    if not any(counts(grant, use) for grant in found.allows):
        yield Finding(supports=False, text="no grant allows it")


def _approvers(
    snapshot: Snapshot, rule: ApprovalRule | None, use: Use, grant: str = ""
) -> Iterator[Finding]:
    if rule is None or use.operation not in USES:
        return
    who = f"groups/{rule.group}" if rule.group else "the security administrators"
    word = "signature" if use.operation is Operation.SIGN else "stamp"
    several = len(snapshot.members(rule.group) - {use.identity})
    text = f"each {word} needs {rule.count} approvals of {who}, of whom {several} may approve"
    yield Finding(grant=grant, supports=several >= rule.count, text=text)


def _whole(grant: Grant, use: Use) -> Finding:
    denies = grant.effect is GrantEffect.DENY
    applies = counts(grant, use)
    subject = f"groups/{grant.group}" if grant.group else repr(grant.identity)
    text = (
        f"{'forbids' if denies else 'allows'} {use.operation} with keys/{grant.keys} to {subject}"
        f"{'' if applies else ', but does not count, for not all of its conditions hold'}"
    )
    return Finding(grant=grant.id, supports=applies is not denies, text=text)


def _conditions(grant: Grant, use: Use) -> Iterator[Finding]:
    denies = grant.effect is GrantEffect.DENY
    for condition in CONDITIONS:
        if not condition.given(grant.conditions):
            continue
        held = condition.holds(grant.conditions, use)
        word = {True: "holds", False: "does not hold", None: "cannot be told"}[held]
        # What cannot be told never helps; a prohibition that does not hold does.
        supports = held is False if denies else held is True
        text = f"{word}: {condition.text(grant.conditions, use)}"
        yield Finding(grant=grant.id, supports=supports, text=text)
