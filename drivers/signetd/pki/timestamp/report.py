"""What was looked at in a time stamp, and what came out."""

from enum import StrEnum
from typing import Final

import msgspec

from signetd.pki.certificate import Certificate
from signetd.pki.report import Report, Status
from signetd.pki.timestamp.token import TimeStampToken


class TokenName(StrEnum):
    """The checks, in the order in which a report has them."""

    FORMAT = "FORMAT"
    EXTENSIONS = "EXTENSIONS"
    IMPRINT = "IMPRINT"
    NONCE = "NONCE"
    POLICY = "POLICY"
    TIME = "TIME"
    CONTENT_TYPE = "CONTENT_TYPE"
    MESSAGE_DIGEST = "MESSAGE_DIGEST"
    SIGNER = "SIGNER"
    SIGNING_CERTIFICATE = "SIGNING_CERTIFICATE"
    ALGORITHM = "ALGORITHM"
    SIGNATURE = "SIGNATURE"
    PURPOSE = "PURPOSE"
    AUTHORITY_NAME = "AUTHORITY_NAME"
    CHAIN = "CHAIN"


CLAUSES: Final = {
    TokenName.FORMAT: "RFC 3161, 2.4.2; GB/T 35275",
    TokenName.EXTENSIONS: "RFC 3161, 2.4.2; RFC 5280, 4.2",
    TokenName.IMPRINT: "RFC 3161, 2.4.2",
    TokenName.NONCE: "RFC 3161, 2.4.2",
    TokenName.POLICY: "RFC 3161, 2.4.2",
    TokenName.TIME: "RFC 3161, 2.4.2",
    TokenName.CONTENT_TYPE: "RFC 5652, 11.1",
    TokenName.MESSAGE_DIGEST: "RFC 5652, 5.4 and 11.2",
    TokenName.SIGNER: "RFC 5652, 5.3; RFC 3161, 2.4.1",
    TokenName.SIGNING_CERTIFICATE: "RFC 3161, 2.4.2; RFC 5816, 2.2.1",
    TokenName.ALGORITHM: "RFC 5652, 5.3; GM/T 0006",
    TokenName.SIGNATURE: "RFC 5652, 5.6; GB/T 32918.2, 7",
    TokenName.PURPOSE: "RFC 3161, 2.3",
    TokenName.AUTHORITY_NAME: "RFC 3161, 2.4.2",
    TokenName.CHAIN: "RFC 3161, 2.3 and 4; RFC 5280, 6",
}
"""Where each check is asked for."""


class TokenCheck(msgspec.Struct, frozen=True):
    """One check of a time stamp."""

    name: TokenName
    status: Status
    reason: str
    clause: str


class TokenReport(msgspec.Struct, frozen=True):
    """All checks of a time stamp. *token* is None where it cannot be read.

    *chain* has the checks of the certificates, for the time of the stamp.
    """

    token: TimeStampToken | None
    signer: Certificate | None
    chain: Report | None
    checks: tuple[TokenCheck, ...]

    @property
    def valid(self) -> bool:
        """Whether no check has failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[TokenCheck, ...]:
        """The checks that have failed."""
        return self.having(Status.FAILED)

    def having(self, status: Status) -> tuple[TokenCheck, ...]:
        """Return the checks of which that came out."""
        return tuple(each for each in self.checks if each.status is status)

    def of(self, name: TokenName) -> TokenCheck:
        """Return one check. Raises KeyError where it was not made: the format is wrong, say."""
        for each in self.checks:
            if each.name is name:
                return each
        raise KeyError(f"no check {name}")


class TokenNotes:
    """Collects the checks of a time stamp."""

    def __init__(self) -> None:
        self.checks: list[TokenCheck] = []

    def add(self, name: TokenName, status: Status, reason: str) -> None:
        """Write down what came out."""
        self.checks.append(TokenCheck(name, status, reason, CLAUSES[name]))

    def judge(self, name: TokenName, problem: str, good: str) -> None:
        """Write down FAILED with *problem*, or PASSED with *good* if there is none."""
        self.add(name, Status.FAILED if problem else Status.PASSED, problem or good)
