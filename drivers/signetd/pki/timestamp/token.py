"""TimeStampToken (RFC 3161, 2.4.2): SignedData around TSTInfo."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError
from signetd.pki.timestamp import content, signed_data
from signetd.pki.timestamp.content import Accuracy, Content
from signetd.pki.timestamp.signed_data import SignedData, SignerInfo

MAX_BYTES: Final = 256 * 1024
"""A token with the certificates of its chain has 3 to 8 KiB."""


@dataclass(frozen=True)
class TimeStampToken:
    """A token; make it with read(). That it can be read says nothing of whether it is true.

    Every part is of the bytes that it came in; nothing is written anew.
    """

    der: bytes = field(repr=False)
    content: Content
    signed: SignedData = field(repr=False)

    @classmethod
    def read(cls, data: bytes, place: str = "time stamp") -> "TimeStampToken":
        """Read a token in DER. Raises InputError naming *place*."""
        if len(data) > MAX_BYTES:
            raise InputError(place, f"it has more than {MAX_BYTES} bytes")
        signed = signed_data.read(data, place)
        if signed.content_type != signed_data.TST_INFO:
            raise InputError(
                place, f"its content is of the type {signed.content_type}, not TSTInfo"
            )
        return cls(data, content.read(signed.content, f"{place}, TSTInfo"), signed)

    @property
    def gen_time(self) -> datetime:
        """When it was made, by the authority's clock, in UTC."""
        return self.content.gen_time

    @property
    def accuracy(self) -> Accuracy | None:
        """How far the time can be off; None where the authority does not say."""
        return self.content.accuracy

    @property
    def serial(self) -> int:
        """Its number, one for each token of the authority."""
        return self.content.serial

    @property
    def policy(self) -> str:
        """The authority's policy, an object identifier."""
        return self.content.policy

    @property
    def nonce(self) -> int | None:
        """The number that the request had."""
        return self.content.nonce

    @property
    def imprint_algorithm(self) -> str:
        """The hash of the imprint: sha256, sm3 …; an object identifier where it is not known."""
        return self.content.imprint_algorithm

    @property
    def imprint(self) -> bytes:
        """The hash of what was stamped."""
        return self.content.imprint

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates that came with it: the authority's, and those above it."""
        return self.signed.certificates

    @property
    def signer(self) -> SignerInfo:
        """Who has signed it, and how."""
        return self.signed.signer
