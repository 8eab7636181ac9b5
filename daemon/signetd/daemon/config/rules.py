"""What options must be together: references that resolve, addresses and names that are unique.

Every rule works on a draft in which some values may be missing or refused, so that one reading of
a file reports as much as possible.
"""

from collections.abc import Iterable
from typing import Any

from signetd.daemon.config import schema
from signetd.daemon.config.convert import INVALID, Entry
from signetd.daemon.config.draft import Draft
from signetd.daemon.config.environment import objection
from signetd.daemon.config.errors import Findings, quoted
from signetd.daemon.config.locate import KeyPath

_LABEL_BYTES = 32  # PKCS #11 v2.40, 3.2: CK_TOKEN_INFO.label
_OTHERS = 0o007
_MOST_AUTHORITIES = 8


def check(draft: Draft, findings: Findings) -> None:
    """Report every rule that `draft` breaks."""
    _check_database(draft.database, findings)
    _check_limits(draft.limits, findings)
    _check_listeners(draft.listeners, findings)
    if draft.timestamps is not None:
        _check_timestamps(draft.timestamps, findings)
    for token in draft.tokens:
        _check_token(token, findings)
    _check_unique(draft.tokens, "name", findings)
    _check_selectors(draft.tokens, findings)


def _check_database(database: Entry, findings: Findings) -> None:
    if "password_file" in database.values and "url" not in database.values:
        findings.add(
            (*database.path, "password_file"),
            "needs url: without it, the database is a file of the daemon's own, which has no "
            "password.",
        )


def _check_timestamps(timestamps: Entry, findings: Findings) -> None:
    urls = timestamps.get("urls")
    if urls is not None and not 1 <= len(urls) <= _MOST_AUTHORITIES:
        findings.add(
            (*timestamps.path, "urls"),
            f"has {len(urls)} addresses; it must have 1 to {_MOST_AUTHORITIES}.",
        )
    if urls is not None and len(set(urls)) < len(urls):
        findings.add((*timestamps.path, "urls"), "has an address twice.")
    for one, other in (("user", "password_file"), ("client_certificate", "client_key")):
        for name, missing in ((one, other), (other, one)):
            if name in timestamps.values and missing not in timestamps.values:
                findings.add((*timestamps.path, name), f"needs {missing} as well.")
    for name in ("user", "client_certificate", "server_ca"):
        if name in timestamps.values and any(not url.secure for url in urls or ()):
            findings.add(
                (*timestamps.path, name),
                "is for https only, and one of urls begins with http://, over which everybody on "
                "the way reads along: write https:// or leave it out.",
            )


def _check_limits(limits: Entry, findings: Findings) -> None:
    known = schema.options(schema.Limits)
    names = ("default_deadline", "max_deadline")
    values = [limits.values.get(name, known[name].default) for name in names]
    if INVALID not in values and values[0] > values[1]:
        # The one that is in the file is the one that was changed.
        named = names[1] if names[1] in limits.values else names[0]
        findings.add(
            (*limits.path, named),
            f"must fit: default_deadline is {values[0]:g} and max_deadline is {values[1]:g}, "
            "which must not be the smaller one.",
        )


def _check_listeners(listeners: list[Entry], findings: Findings) -> None:
    if not listeners:
        findings.add(
            ("listener",), "is missing: the daemon needs at least one [[listener]] to be of use."
        )
    _check_unique(listeners, "unix", findings)
    # Port 0 is a different port each time.
    fixed = [entry for entry in listeners if getattr(entry.get("tcp"), "port", 0)]
    _check_unique(fixed, "tcp", findings)
    for listener in listeners:
        mode = listener.get("mode")
        if mode is not None and int(mode, 8) & _OTHERS:
            findings.add(
                (*listener.path, "mode"),
                f"must end in 0: {quoted(mode)} lets every user of this machine act as the "
                "socket's identity. Use group and a mode such as 0660 to let more users in.",
            )


def _check_token(token: Entry, findings: Findings) -> None:
    if token.kind is not None and not token.values.keys() & {"label", "serial"}:
        findings.add(token.path, "must have a label or a serial, so that the token can be found.")
    size = len((token.get("label") or "").encode())
    if size > _LABEL_BYTES:
        findings.add(
            (*token.path, "label"),
            f"is {size} bytes long in UTF-8; a token's label has at most {_LABEL_BYTES}.",
        )
    for name, value in (token.get("environment") or {}).items():
        problem = objection(name, value)
        if problem:
            findings.add((*token.path, "environment", name), problem)


def _check_selectors(tokens: list[Entry], findings: Findings) -> None:
    """Refuse two entries that find the same token: they would fight over its login."""
    for place, token in enumerate(tokens):
        for earlier in tokens[:place]:
            if _may_be_same(token, earlier):
                findings.add(token.path, _same_token(findings, earlier.path))
                break


def _same_token(findings: Findings, earlier: KeyPath) -> str:
    line = findings.source.locations.line(earlier)
    return (
        f"finds the same token as the [[token]] on line {line}: the module is the same, and no "
        "label or serial tells them apart."
    )


def _may_be_same(one: Entry, other: Entry) -> bool:
    # Another environment is often another set of tokens, as with SOFTHSM2_CONF.
    for name in ("module", "environment"):
        if INVALID in (one.values.get(name), other.values.get(name)):
            return False
        if (one.get(name) or None) != (other.get(name) or None):
            return False
    pairs = [(one.get(name), other.get(name)) for name in ("label", "serial")]
    both_set = [(left, right) for left, right in pairs if None not in (left, right)]
    return bool(both_set) and all(left == right for left, right in both_set)


def _check_unique(entries: Iterable[Entry], name: str, findings: Findings) -> None:
    seen: dict[Any, KeyPath] = {}
    for entry in entries:
        value = entry.get(name)
        path = (*entry.path, name)
        if value is not None and value in seen:
            findings.add_repeated(path, seen[value])
        elif value is not None:
            seen[value] = path
