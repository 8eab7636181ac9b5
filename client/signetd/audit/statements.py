"""Statements of a daemon, verified offline: of a key, of a key's end, of a seal's filing."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from signetd.audit.canonical import LineError, Values, encode, octets, parse, text, time
from signetd.audit.keys import PublicKeyError, decode_spki, fingerprint, is_valid

FORMAT: Final = "signetd-statement-1"
MAX_BYTES: Final = 1 << 20
"""A statement with its newline has at most this many bytes; one has about two thousand."""


@dataclass
class StatementReport:
    """What a statement says, and what is wrong with it; ``ok`` only if nothing is."""

    statement: Values = field(default_factory=dict)
    trusted: bool = False
    """Whether it is signed with one of the keys that were given."""
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def values(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {
            "ok": self.ok,
            "trusted": self.trusted,
            "problems": self.problems,
            "statement": self.statement,
        }


def verify_statement(
    data: bytes, trusted: Collection[bytes] = (), *, nonce: bytes | None = None
) -> StatementReport:
    """Verify a statement, one line of canonical JSON.

    *trusted* are the SubjectPublicKeyInfos (DER) of the keys that may have signed: a statement that
    is signed with another one, or given none, is not ok. *nonce* is what it must contain, if given.
    """
    report = StatementReport()
    try:
        if len(data) > MAX_BYTES:
            raise LineError(f"it has more than {MAX_BYTES} bytes")
        report.statement = parse(data.removesuffix(b"\n"))
        _check(report, frozenset(trusted))
    except (LineError, PublicKeyError) as error:
        report.problems.append(str(error))
        return report
    if nonce is not None and report.statement.get("nonce") != nonce.hex():
        report.problems.append("it does not contain the nonce: it was made for somebody else")
    return report


def _check(report: StatementReport, trusted: Collection[bytes]) -> None:
    values = report.statement
    if (values.get("type"), values.get("format")) != ("statement", FORMAT):
        raise LineError(f"it is not a statement in the format {FORMAT}")
    time(values, "time")
    spki = decode_spki(text(values, "signer_spki"))
    signed = encode({name: value for name, value in values.items() if name != "signature"})
    algorithm, signature = text(values, "signer_algorithm"), octets(values, "signature")
    if not is_valid(spki, algorithm, signed, signature):
        report.problems.append("the signature is not valid")
    if text(values, "signer") != fingerprint(spki):
        report.problems.append("the fingerprint of its signer is not that of the public key")
    report.trusted = spki in trusted
    if not report.trusted:
        why = "which is not among those given" if trusted else "and no key was given"
        report.problems.append(
            f"it is signed with the key {fingerprint(spki)}, {why}: give the public key of the "
            "daemon's audit, as it was kept elsewhere"
        )
