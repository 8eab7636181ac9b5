"""What is stamped, and what comes of it."""

from datetime import datetime

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.seal import Extension


class StampInput(msgspec.Struct, frozen=True, kw_only=True):
    """What to stamp with what: the bare name of a seal, and SM3 of the protected original.

    ``property_info`` says what of the document is protected. ``approval`` is a resource name, or
    "". ``timestamp`` asks for a time stamp (RFC 3161) over the signature.
    """

    seal: str
    document_digest: bytes
    property_info: str
    extensions: tuple[Extension, ...] = ()
    approval: str = ""
    timestamp: bool = False


class StampMade(msgspec.Struct, frozen=True, kw_only=True):
    """A stamp (SES_Signature, DER), of which the record ``number`` of the audit tells.

    ``time`` is the one in it. ``timestamp_failure`` says why it has no time stamp although one was
    asked for.
    """

    stamp: bytes
    time: datetime
    key: RegisteredKey
    timestamped: bool = False
    timestamp_failure: str = ""
    number: int
