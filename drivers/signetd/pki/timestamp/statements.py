"""What a token says, compared with what was asked: imprint, nonce, policy, time."""

from datetime import timedelta
from typing import Final

from signetd.pki.policy import Policy
from signetd.pki.report import Status
from signetd.pki.timestamp import hashes
from signetd.pki.timestamp.report import TokenName, TokenNotes
from signetd.pki.timestamp.token import TimeStampToken

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""How much later than the caller's time a stamp may be, for clocks that differ."""


def check_extensions(notes: TokenNotes, token: TimeStampToken) -> None:
    """Look for extensions that must not be passed over."""
    critical = [each.oid for each in token.content.extensions if each.critical]
    problem = f"critical, and not known here: {', '.join(critical)}" if critical else ""
    notes.judge(TokenName.EXTENSIONS, problem, "no extension is critical")


def check_imprint(notes: TokenNotes, token: TimeStampToken, data: bytes, digested: str) -> None:
    """Look whether it is of *data*, or of what has *data* for its hash by *digested*."""
    name = token.imprint_algorithm
    problem = ""
    if name not in hashes.STRONG:
        problem = f"its imprint is by {name}, which is not accepted"
    elif digested and name != digested:
        problem = f"its imprint is by {name}; the digest of the data is by {digested}"
    elif token.imprint != (data if digested else hashes.digest(name, data)):
        problem = f"its imprint is not the {name} of this data: it is of something else"
    notes.judge(TokenName.IMPRINT, problem, f"its imprint is the {name} of the data")


def check_nonce(notes: TokenNotes, token: TimeStampToken, nonce: int | None) -> None:
    """Look whether it answers the request with that nonce."""
    if nonce is None:
        notes.add(TokenName.NONCE, Status.NOT_CHECKED, "the request's is not given")
        return
    what = "none" if token.nonce is None else "another"
    problem = "" if token.nonce == nonce else f"the request had a nonce; the token has {what}"
    notes.judge(TokenName.NONCE, problem, "its nonce is that of the request")


def check_policy(notes: TokenNotes, token: TimeStampToken, policies: frozenset[str]) -> None:
    """Look under which policy of the authority it was made."""
    text = f"it was made under the policy {token.policy}"
    if not policies:
        notes.add(TokenName.POLICY, Status.NOT_CHECKED, f"{text}; any is accepted")
        return
    accepted = ", ".join(sorted(policies))
    problem = "" if token.policy in policies else f"{text}; accepted: {accepted}"
    notes.judge(TokenName.POLICY, problem, text)


def check_time(notes: TokenNotes, token: TimeStampToken, policy: Policy) -> None:
    """Look whether its time is one that has come."""
    made, now = token.gen_time, policy.at
    off = token.accuracy.delta if token.accuracy else timedelta()
    text = f"it is of {made.isoformat()}" + (
        f", to within {off.total_seconds():g} s" if off else ""
    )
    if made <= now:
        notes.add(TokenName.TIME, Status.PASSED, text)
    elif made - min(off, CLOCK_TOLERANCE) <= now + CLOCK_TOLERANCE:
        reason = f"{text}, a little later than {now.isoformat()}: clocks differ"
        notes.add(TokenName.TIME, Status.WARNING, reason)
    else:
        reason = f"{text}, which is later than {now.isoformat()}, when it is verified"
        notes.add(TokenName.TIME, Status.FAILED, reason)
