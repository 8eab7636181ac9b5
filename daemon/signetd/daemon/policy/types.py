"""What is known of those who call, and what grants say."""

from datetime import datetime, time
from enum import StrEnum
from typing import Final

import msgspec

from signetd.drivers.types import Algorithm, Requester

SECURITY_ADMINS: Final = ""
"""Stands in an ApprovalRule for the security administrators instead of a group's name."""


class Role(StrEnum):
    """What an identity may do in the daemon."""

    SYSTEM_ADMIN = "system-admin"
    SECURITY_ADMIN = "security-admin"
    AUDITOR = "auditor"
    SIGNER = "signer"


ADMINISTRATORS: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
"""The roles of which one identity holds at most one (三员分立)."""


class Credential(StrEnum):
    """How an identity shows who it is: by what its certificate says, or by a socket's path."""

    URI = "URI"
    DNS = "DNS"
    COMMON_NAME = "COMMON_NAME"
    SOCKET = "SOCKET"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may call. ``certificate_sha256`` is lower-case hex, "" for any certificate."""

    name: str
    roles: frozenset[Role]
    credential: Credential
    certificate_sha256: str = ""
    disabled: bool = False
    create_time: datetime
    update_time: datetime


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for something, in which request, and until when the token may work for it.

    ``credential`` and ``certificate_sha256`` are how it has shown who it is; None where it is
    somebody that is spoken of.
    """

    identity: str
    roles: frozenset[Role]
    request_id: str
    requester: Requester
    credential: Credential | None = None
    certificate_sha256: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A set of identities; ``id`` is the bare name."""

    id: str
    members: frozenset[str]


class KeyPurpose(StrEnum):
    """What a key is for; it never changes. Only keys for SIGNING sign what signers give them."""

    SIGNING = "SIGNING"
    SEAL_MAKING = "SEAL_MAKING"
    SEALING = "SEALING"
    AUDIT = "AUDIT"


class Operation(StrEnum):
    """What a grant is about."""

    READ = "READ"
    VERIFY = "VERIFY"
    SIGN = "SIGN"
    STAMP = "STAMP"


USES: Final = frozenset({Operation.SIGN, Operation.STAMP})
"""The operations that sign with the key: they need the role of a signer, and are counted."""


class GrantEffect(StrEnum):
    """Whether a grant allows or forbids; what is forbidden is forbidden whatever else allows it."""

    ALLOW = "ALLOW"
    DENY = "DENY"


class Period(StrEnum):
    """Over what time uses are counted: a minute or a day of UTC, or for ever."""

    MINUTE = "MINUTE"
    DAY = "DAY"
    EVER = "EVER"


class UseLimit(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``count`` uses in a period."""

    count: int
    period: Period


class ApprovalRule(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` different members of a group must approve; the one who asks does not count."""

    count: int
    group: str = SECURITY_ADMINS


class KeyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every use of a key; no ``algorithms`` means all that suit it.

    ``skip_verification``: signatures leave without being verified; only a key for SIGNING may.
    """

    limits: tuple[UseLimit, ...] = ()
    approval: ApprovalRule | None = None
    algorithms: frozenset[Algorithm] = frozenset()
    skip_verification: bool = False


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Stretches of a week: from ``start`` until before ``end``, by the clock of an IANA zone.

    ``weekdays`` are the days on which a stretch begins, 1 (Monday) to 7; none means all. An end
    that is not after the start is on the next day; 00:00 as an end is midnight at the day's end.
    """

    weekdays: frozenset[int] = frozenset()
    start: time
    end: time
    time_zone: str


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """When a grant counts: when all of these hold; what is empty or None always holds."""

    purposes: frozenset[KeyPurpose] = frozenset()
    algorithms: frozenset[Algorithm] = frozenset()
    not_before: datetime | None = None
    not_after: datetime | None = None
    schedule: Schedule | None = None
    digest_only: bool = False
    limits: tuple[UseLimit, ...] = ()
    approval: ApprovalRule | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A permission or a prohibition for an identity, or for a group: exactly one is not "".

    ``keys`` is a pattern of bare key names in which ``*`` stands for any characters.
    """

    id: str
    identity: str = ""
    group: str = ""
    keys: str
    operations: frozenset[Operation]
    effect: GrantEffect = GrantEffect.ALLOW
    conditions: Conditions = Conditions()
    comment: str = ""
    create_time: datetime
    creator: str
