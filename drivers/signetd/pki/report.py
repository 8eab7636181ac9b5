"""What was looked at, and what came out: a verdict is a list of named checks, never a mere bool."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from signetd.pki.certificate import Certificate


class Status(StrEnum):
    """What came out of a check."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    WARNING = "WARNING"
    """It holds, but somebody should know."""
    NOT_CHECKED = "NOT_CHECKED"
    """There was nothing to check, or it is not checked here; the reason says which."""


class Name(StrEnum):
    """The checks, in the order in which a report has them for each certificate."""

    TRUST_ANCHOR = "TRUST_ANCHOR"
    PATH = "PATH"
    VERSION = "VERSION"
    SERIAL_NUMBER = "SERIAL_NUMBER"
    DUPLICATE_EXTENSIONS = "DUPLICATE_EXTENSIONS"
    CRITICAL_EXTENSIONS = "CRITICAL_EXTENSIONS"
    ALGORITHM_AGREEMENT = "ALGORITHM_AGREEMENT"
    ALGORITHM = "ALGORITHM"
    PUBLIC_KEY = "PUBLIC_KEY"
    VALIDITY = "VALIDITY"
    NAME_CHAINING = "NAME_CHAINING"
    KEY_IDENTIFIERS = "KEY_IDENTIFIERS"
    SIGNATURE = "SIGNATURE"
    BASIC_CONSTRAINTS = "BASIC_CONSTRAINTS"
    PATH_LENGTH = "PATH_LENGTH"
    KEY_USAGE = "KEY_USAGE"
    EXTENDED_KEY_USAGE = "EXTENDED_KEY_USAGE"
    NAME_CONSTRAINTS = "NAME_CONSTRAINTS"
    POLICIES = "POLICIES"
    REVOCATION = "REVOCATION"


CLAUSES: Final = {
    Name.TRUST_ANCHOR: "RFC 5280, 6.1.1 d",
    Name.PATH: "RFC 5280, 6.1",
    Name.VERSION: "RFC 5280, 4.1.2.1",
    Name.SERIAL_NUMBER: "RFC 5280, 4.1.2.2",
    Name.DUPLICATE_EXTENSIONS: "RFC 5280, 4.2",
    Name.CRITICAL_EXTENSIONS: "RFC 5280, 6.1.4 o and 6.1.5 f",
    Name.ALGORITHM_AGREEMENT: "RFC 5280, 4.1.1.2",
    Name.ALGORITHM: "RFC 5280, 6.1.3 a 1; GM/T 0015, 5.2",
    Name.PUBLIC_KEY: "RFC 5280, 4.1.2.7; GB/T 35276, 7.1",
    Name.VALIDITY: "RFC 5280, 6.1.3 a 2",
    Name.NAME_CHAINING: "RFC 5280, 6.1.3 a 4 and 7.1",
    Name.KEY_IDENTIFIERS: "RFC 5280, 4.2.1.1 and 4.2.1.2",
    Name.SIGNATURE: "RFC 5280, 6.1.3 a 1; GB/T 32918.2, 7",
    Name.BASIC_CONSTRAINTS: "RFC 5280, 6.1.4 k",
    Name.PATH_LENGTH: "RFC 5280, 6.1.4 l and m",
    Name.KEY_USAGE: "RFC 5280, 6.1.4 n and 4.2.1.3",
    Name.EXTENDED_KEY_USAGE: "RFC 5280, 4.2.1.12",
    Name.NAME_CONSTRAINTS: "RFC 5280, 4.2.1.10",
    Name.POLICIES: "RFC 5280, 6.1.3 d",
    Name.REVOCATION: "RFC 5280, 6.1.3 a 3 and 6.3; RFC 6960, 3.2",
}
"""Where each check is asked for."""


class Check(msgspec.Struct, frozen=True):
    """One check of one certificate; *position* is its place in the path, 0 for the end."""

    name: Name
    position: int
    subject: str
    status: Status
    reason: str
    clause: str


class Report(msgspec.Struct, frozen=True):
    """All checks of the path that held, or of the one that came nearest to it.

    *path* begins with the end certificate; the last one is the trust anchor if one was found.
    """

    path: tuple[Certificate, ...]
    checks: tuple[Check, ...]

    @property
    def valid(self) -> bool:
        """Whether no check has failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that have failed."""
        return self.having(Status.FAILED)

    def having(self, status: Status) -> tuple[Check, ...]:
        """Return the checks of which that came out."""
        return tuple(each for each in self.checks if each.status is status)

    def of(self, name: Name, position: int = 0) -> Check:
        """Return one check. Raises KeyError if there is none: the path is shorter, say."""
        for each in self.checks:
            if (each.name, each.position) == (name, position):
                return each
        raise KeyError(f"no check {name} of certificate {position}")

    def fails_only_in(self, names: Iterable[Name]) -> bool:
        """Say whether nothing else than checks of these names has failed.

        For rules such as GM/T 0031, 6.1.2: a maker's certificate that has only expired since.
        """
        allowed = frozenset(names)
        return all(each.name in allowed for each in self.failures)


class Notes:
    """Collects the checks of one certificate."""

    def __init__(self, certificate: Certificate, position: int) -> None:
        self.certificate = certificate
        self.position = position
        self.checks: list[Check] = []

    def add(self, name: Name, status: Status, reason: str) -> None:
        """Write down what came out."""
        subject = self.certificate.name
        self.checks.append(Check(name, self.position, subject, status, reason, CLAUSES[name]))

    def judge(self, name: Name, holds: bool, good: str, bad: str) -> None:
        """Write down PASSED with *good*, or FAILED with *bad*."""
        self.add(name, Status.PASSED if holds else Status.FAILED, good if holds else bad)
