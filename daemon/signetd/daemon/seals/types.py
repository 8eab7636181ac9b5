"""What is known of electronic seals."""

from datetime import datetime
from enum import StrEnum

import msgspec

from signetd.seal import Format


class SealState(StrEnum):
    """Where a seal is in its life. REJECTED and CANCELLED are final."""

    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    ACCEPTED = "ACCEPTED"
    MADE = "MADE"
    IN_USE = "IN_USE"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"


class SealKind(StrEnum):
    """What a seal is (电子印章管理办法, article 3)."""

    LEGAL_NAME = "LEGAL_NAME"
    DEPARTMENT = "DEPARTMENT"
    BUSINESS = "BUSINESS"
    PERSONAL_NAME = "PERSONAL_NAME"


class SealOrigin(StrEnum):
    """How a seal came here."""

    MADE = "MADE"
    IMPORTED = "IMPORTED"


class Act(StrEnum):
    """What is done to a seal; `change` is the application for one in the place of another."""

    APPLY = "apply"
    CHANGE = "change"
    IMPORT = "import"
    ACCEPT = "accept"
    REJECT = "reject"
    MAKE = "make"
    FILE = "file"
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    COMPROMISE = "compromise"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a seal is; ``code`` is the unified social credit code (GB 32100)."""

    name: str
    code: str


class SealPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What a seal looks like; sizes in millimetres. ``data`` is empty where it was not read."""

    kind: str
    data: bytes = b""
    width: int
    height: int


class RegisteredSeal(msgspec.Struct, frozen=True, kw_only=True):
    """A seal, from its application on. Names are bare: ``id`` is the last part of `seals/{seal}`.

    ``seal_id`` is the esID, ``der`` the SESeal, ``sm3`` its SM3 in lower-case hex: all "" until it
    is made. ``certificates`` are those that may stamp, in DER, that of ``signing_key`` first;
    ``signing_key`` is "" for an imported seal that is not stamped here. ``applicant``,
    ``reviewer`` and ``maker`` are names of identities. ``filing_record`` is JSON. Where a seal
    was read for a list, ``picture.data``, ``der`` and ``filing_record`` are empty.
    """

    id: str
    state: SealState
    state_reason: str = ""
    kind: SealKind
    origin: SealOrigin
    title: str
    owner: Owner
    seal_id: str = ""
    format: Format
    picture: SealPicture
    valid_from: datetime
    valid_until: datetime
    signing_key: str = ""
    maker_key: str = ""
    certificates: tuple[bytes, ...] = ()
    applicant: str
    reviewer: str = ""
    maker: str = ""
    replaces: str = ""
    replaced_by: str = ""
    der: bytes = b""
    sm3: str = ""
    filing_number: str = ""
    filing_record: bytes = b""
    create_time: datetime
    update_time: datetime

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"seals/{self.id}"


class SealEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a seal; ``number`` counts from 1, ``before`` is None for the first."""

    number: int
    time: datetime
    identity: str
    act: Act
    before: SealState | None
    after: SealState
    reason: str = ""


class SealStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of a seal at a time; ``state`` is None before it was made."""

    seal_id: str
    sm3: str
    time: datetime
    state: SealState | None
    since: datetime | None
    good: bool
    reason: str
