"""What a caller asks of a path: when it must be valid, for what, and how strong it must be."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from signetd.gm import sm2
from signetd.pki import algorithms, extensions

LONGEST_PATH: Final = 8
"""Certificates, the end and the anchor included; real paths have two to four."""
CURVES: Final = frozenset({"sm2", "secp256r1", "secp384r1", "secp521r1", "ed25519"})
REASONS: Final = (
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "(7)",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
)
"""Reasons of a revocation, by number (RFC 5280, 5.3.1)."""
_STRONG: Final = algorithms.NAMES - algorithms.BROKEN


class Revocation(StrEnum):
    """How much must be known of the revocation of each certificate below the anchor."""

    REQUIRED = "REQUIRED"
    """A list or response must say that it is not revoked."""
    IF_KNOWN = "IF_KNOWN"
    """It must not be revoked by what was given; where nothing was, that is a warning."""
    IGNORED = "IGNORED"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a path must fulfil. Raises ValueError for values that make no sense, or are unsafe."""

    at: datetime
    """When it must be valid, with a time zone: now, or when something was signed."""
    key_usages: frozenset[str] = frozenset()
    """One of these must be among the end certificate's; empty for any. Names of RFC 5280."""
    extended_key_usages: frozenset[str] = frozenset()
    """All of these, as object identifiers, must be allowed by every certificate that has limits."""
    max_path: int = LONGEST_PATH
    """Certificates in a path, the end and the anchor included."""
    end_may_be_ca: bool = False

    algorithms: frozenset[str] = _STRONG
    """Signature algorithms by algorithms.NAMES; those with MD5 or SHA-1 cannot be among them."""
    curves: frozenset[str] = CURVES
    """Kinds of keys besides RSA."""
    min_rsa_bits: int = 2048
    signer_id: bytes = sm2.DEFAULT_SIGNER_ID
    """The ID that CAs sign with, for SM2 (GM/T 0009, 10)."""

    revocation: Revocation = Revocation.REQUIRED
    evidence_at: datetime | None = None
    """When lists and responses must be current; None for *at*.

    Later than *at*, typically now, to use today's list on a signature of last year.
    """
    max_evidence_age: timedelta = timedelta(days=1)
    """For OCSP responses that do not say until when they count."""
    refused_reasons: frozenset[str] = frozenset({"keyCompromise", "cACompromise", "aACompromise"})
    """With these a certificate counts as revoked from the beginning, because signatures can have
    been back-dated. Others leave what was signed before as it is; all of REASONS for nothing."""

    def __post_init__(self) -> None:
        for moment in (self.at, self.evidence_at):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError("a time of the policy has no time zone")
        _within(self.key_usages, frozenset(extensions.KEY_USAGES), "key_usages")
        _within(self.algorithms, _STRONG, "algorithms")
        _within(self.curves, CURVES, "curves")
        _within(self.refused_reasons, frozenset(REASONS), "refused_reasons")
        if not 1 <= self.max_path <= LONGEST_PATH:
            raise ValueError(f"max_path is between 1 and {LONGEST_PATH}, not {self.max_path}")
        if self.min_rsa_bits < 2048:
            raise ValueError(f"min_rsa_bits is at least 2048, not {self.min_rsa_bits}")
        if len(self.signer_id) > sm2.MAX_SIGNER_ID_BYTES:
            raise ValueError(f"signer_id has at most {sm2.MAX_SIGNER_ID_BYTES} bytes")

    @property
    def current_at(self) -> datetime:
        """When lists and responses must be current."""
        return self.at if self.evidence_at is None else self.evidence_at


def _within(chosen: frozenset[str], known: frozenset[str], name: str) -> None:
    if unknown := sorted(chosen - known):
        raise ValueError(
            f"{name} has {', '.join(unknown)}; possible are {', '.join(sorted(known))}"
        )
