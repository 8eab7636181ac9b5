"""What came out of a check, in two languages, and the names of all checks in their order."""

from enum import StrEnum
from typing import Final, NamedTuple

from signetd.seal.model import Format
from signetd.seal.report import Check, Report, Result, Rules
from signetd.seal.verify_clauses import clause


class Name(StrEnum):
    """The checks. The order is that of GM/T 0031-2014, 6.2.3 and, within the seal's, 6.1.2."""

    FORMAT = "FORMAT"

    STAMP_VERSION = "STAMP_VERSION"
    STAMP_EXTENSIONS = "STAMP_EXTENSIONS"
    STAMP_ALGORITHM = "STAMP_ALGORITHM"
    STAMP_SIGNATURE = "STAMP_SIGNATURE"
    SIGNER_IN_SEAL = "SIGNER_IN_SEAL"
    SIGNER_CERTIFICATE = "SIGNER_CERTIFICATE"
    SIGNER_KEY_USAGE = "SIGNER_KEY_USAGE"
    SIGNER_VALIDITY = "SIGNER_VALIDITY"
    SIGNER_REVOCATION = "SIGNER_REVOCATION"
    DOCUMENT_DIGEST = "DOCUMENT_DIGEST"

    VERSION = "VERSION"
    SEAL_EXTENSIONS = "SEAL_EXTENSIONS"
    SIGNATURE_ALGORITHM = "SIGNATURE_ALGORITHM"
    SEAL_SIGNATURE = "SEAL_SIGNATURE"
    CREATE_TIME = "CREATE_TIME"
    MAKER_CERTIFICATE = "MAKER_CERTIFICATE"
    MAKER_VALIDITY = "MAKER_VALIDITY"
    MAKER_REVOCATION = "MAKER_REVOCATION"
    MAKER_KEY_USAGE = "MAKER_KEY_USAGE"
    MAKER_TRUSTED = "MAKER_TRUSTED"
    SEAL_VALIDITY = "SEAL_VALIDITY"
    SEAL_TIMESTAMP = "SEAL_TIMESTAMP"

    SIGNING_TIME = "SIGNING_TIME"
    STAMP_TIMESTAMP = "STAMP_TIMESTAMP"
    SEAL_STATUS = "SEAL_STATUS"


OF_STAMP: Final = tuple(Name)
"""The checks in the report of a stamp."""
_STAMPS_OWN: Final = frozenset(
    {
        *OF_STAMP[1 : OF_STAMP.index(Name.VERSION)],
        Name.SIGNING_TIME,
        Name.STAMP_TIMESTAMP,
    }
)
OF_SEAL: Final = tuple(each for each in Name if each not in _STAMPS_OWN)
"""The checks in the report of a seal."""


class Finding(NamedTuple):
    """What came out of a check; *reason* in English, *reason_zh* in Chinese."""

    result: Result
    reason: str
    reason_zh: str


def passed(reason: str, reason_zh: str) -> Finding:
    """Say that a check has passed."""
    return Finding(Result.PASSED, reason, reason_zh)


def failed(reason: str, reason_zh: str) -> Finding:
    """Say that a check has failed."""
    return Finding(Result.FAILED, reason, reason_zh)


def warning(reason: str, reason_zh: str) -> Finding:
    """Say that it holds, but that somebody should know."""
    return Finding(Result.WARNING, reason, reason_zh)


def not_checked(reason: str, reason_zh: str) -> Finding:
    """Say that there was nothing to check."""
    return Finding(Result.NOT_CHECKED, reason, reason_zh)


UNREADABLE: Final = not_checked("the format is wrong", "格式错误，未检查")


class Findings:
    """Collects what came out, and makes a report of it."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._found: dict[Name, Finding] = {}

    def add(self, name: Name, finding: Finding) -> None:
        """Write down what came out of a check, once."""
        if name in self._found:
            raise ValueError(f"{name} was checked before")
        self._found[name] = finding

    def report(self, names: tuple[Name, ...], form: Format | None, rules: Rules) -> Report:
        """Return the report with the checks *names*, in that order.

        Those that nothing was written down for are NOT_CHECKED: the format was wrong.
        """
        checks = (self._check(each, form, rules) for each in names)
        return Report(rules=rules, checks=tuple(checks))

    def _check(self, name: Name, form: Format | None, rules: Rules) -> Check:
        found = self._found.get(name, UNREADABLE)
        about = self._about(name)
        return Check(
            name=name.value,
            about=about,
            result=found.result,
            reason=_printable(found.reason),
            reason_zh=_printable(found.reason_zh),
            clause=clause(name.value, about, form, rules),
        )

    def _about(self, name: Name) -> str:
        if name is Name.DOCUMENT_DIGEST:
            return "document"
        if name is Name.FORMAT:
            return self._subject
        return "stamp" if name in _STAMPS_OWN else "seal"


def _printable(text: str) -> str:
    """Escape what could steer a terminal, for some of it is from the file."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
