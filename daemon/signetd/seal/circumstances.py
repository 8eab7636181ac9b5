"""What a verdict on a seal or a stamp rests on besides the bytes: when, by which rules, by whom."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from signetd.gm import sm2
from signetd.pki import Certificate, OcspResponse, Revocation, RevocationList, TrustStore
from signetd.seal.report import Rules

MAX_MAKERS: Final = 4096
"""Fingerprints of accepted makers."""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


class Standing(StrEnum):
    """What a status query says of a seal."""

    GOOD = "good"
    SUSPENDED = "suspended"
    """停用: it may be resumed."""
    CANCELLED = "cancelled"
    """注销: for good."""
    UNKNOWN = "unknown"
    """The register has no such seal."""


class SealStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the maker's status query service; *since* is None where it does not say."""

    standing: Standing
    since: datetime | None = None

    def __post_init__(self) -> None:
        _zoned(self.since, "since")


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What to judge by. Raises ValueError for values that make no sense.

    Trust is three separate stores, because a CA that may vouch for owners of seals need not be
    one that vouches for makers. What is not given is not trusted.
    """

    rules: Rules
    at: datetime
    """Now, with a time zone: when a seal must be valid, and evidence of revocation current.

    What a stamp rests on is judged for the time of signing instead.
    """
    evidence_at: datetime | None = None
    """When revocation lists and responses must be current; None for *at*. Later than *at*, now, to
    judge for a time that is over by the lists of today."""
    makers: TrustStore
    """Whose certificates makers of seals may have; a maker's own certificate can be in it."""
    accepted_makers: frozenset[str] | None = None
    """Fingerprints of the makers' certificates (SHA-256 or SM3 of the DER; 64 digits of lower-case
    hex); None for every maker that *makers* vouches for."""
    signers: TrustStore | None = None
    """Whose certificates the owners of seals may have; without it no stamp is good."""
    time_authorities: TrustStore | None = None
    """Whose time stamps count; without it those that are there are a warning."""

    others: Sequence[Certificate | bytes] = ()
    """Intermediate CAs, in DER or PEM."""
    lists: Sequence[RevocationList | bytes] = ()
    responses: Sequence[OcspResponse | bytes] = ()
    revocation: Revocation = Revocation.REQUIRED

    signer_id: bytes = sm2.DEFAULT_SIGNER_ID
    """The ID with which makers and owners sign (GM/T 0009, 10)."""
    authority_id: bytes = sm2.DEFAULT_SIGNER_ID
    """The ID with which CAs sign."""

    status: SealStatus | None = None
    """What a status query has told of the seal; None if nobody was asked."""

    def __post_init__(self) -> None:
        _zoned(self.at, "at")
        _zoned(self.evidence_at, "evidence_at")
        for name in ("signer_id", "authority_id"):
            if len(getattr(self, name)) > sm2.MAX_SIGNER_ID_BYTES:
                raise ValueError(f"{name} has at most {sm2.MAX_SIGNER_ID_BYTES} bytes")
        if len(self.accepted_makers or ()) > MAX_MAKERS:
            raise ValueError(f"accepted_makers has at most {MAX_MAKERS} fingerprints")
        for each in self.accepted_makers or ():
            if not _FINGERPRINT.fullmatch(each):
                raise ValueError(
                    f"accepted_makers has {each!r}; a fingerprint is 64 digits of lower-case hex, "
                    "SHA-256 or SM3 of the certificate in DER"
                )

    @property
    def current_at(self) -> datetime:
        """When revocation lists and responses must be current."""
        return self.at if self.evidence_at is None else self.evidence_at


def _zoned(moment: datetime | None, name: str) -> None:
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone; give one, UTC for instance")
