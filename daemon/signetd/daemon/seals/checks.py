"""Checks of what a caller says of a seal; pure. Raises SignetError naming field, limit, way out."""

import re
from datetime import UTC, datetime
from typing import Final

from signetd.daemon.approvals import texts
from signetd.daemon.seals import credit_code
from signetd.daemon.seals.types import Owner, SealPicture
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import BuildError, Format, checks, limits, pictures
from signetd.seal.build_info import BUILT

MAX_NAME: Final = 200
"""Most characters of a title, and of an owner's name."""
MAX_REASON: Final = 500
"""Most characters of a reason, and of a remark."""
MAX_NUMBER: Final = 64
"""Most characters of a seal's code, and of a filing number."""
MAX_PICTURE_BYTES: Final = 1 << 20
MAX_CERTIFICATES: Final = 100
"""Most certificates of others in one seal."""
MAX_CERTIFICATES_BYTES: Final = 256 << 10
"""Most bytes of all certificates of a seal; they are in every list of seals."""

_SEAL_ID: Final = re.compile(rf"[!-~]{{1,{MAX_NUMBER}}}")
_FILING_NUMBER: Final = re.compile(rf"(?! )[ -~]{{1,{MAX_NUMBER}}}(?<! )")


def check_title(title: str, field: str) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless *title* can stand in a seal."""
    if not title:
        raise SignetError(
            Reason.INPUT_MISSING, f"{field} is missing; give it in 1 to {MAX_NAME} characters."
        )
    try:
        checks.name(title, field)
    except BuildError as error:
        raise SignetError(Reason.INPUT_INVALID, f"{error}.") from None


def check_owner(owner: Owner) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless it is somebody's name and code."""
    check_title(owner.name, "owner.name")
    credit_code.check(owner.code, "owner.unified_social_credit_code")


def check_reason(reason: str, field: str = "reason") -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless a reason is given that can be shown."""
    if not reason.strip():
        raise SignetError(
            Reason.INPUT_MISSING,
            f"{field} is missing; say why, in 1 to {MAX_REASON} characters. It is kept in the "
            "seal's history.",
        )
    texts.check_text(reason, field, MAX_REASON)


def check_remark(remark: str) -> None:
    """Raise INPUT_INVALID unless a remark can be shown; it may be empty."""
    texts.check_text(remark, "remark", MAX_REASON)


def check_seal_id(seal_id: str) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless it is 1 to 64 printable characters, no blanks."""
    _check_number(seal_id, "seal_id", _SEAL_ID, " without blanks")


def check_filing_number(number: str) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless it is 1 to 64 printable characters."""
    _check_number(number, "filing_number", _FILING_NUMBER, ", and blanks only between them")


def _check_number(number: str, field: str, allowed: re.Pattern[str], further: str) -> None:
    if not number:
        raise SignetError(
            Reason.INPUT_MISSING,
            f"{field} is missing; give it in 1 to {MAX_NUMBER} printable ASCII characters.",
        )
    if not allowed.fullmatch(number):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {number[:80]!a}; it must be 1 to {MAX_NUMBER} printable ASCII characters"
            f"{further}.",
        )


def check_format(format: Format) -> None:
    """Raise INPUT_INVALID for a layout that is not made any more."""
    if format not in BUILT:
        raise SignetError(
            Reason.INPUT_INVALID,
            "format is V1 (GM/T 0031-2014), in which seals are not made any more; give V4 or V5.",
        )


def checked_picture(picture: SealPicture) -> SealPicture:
    """Return the picture with its kind as it is written into a seal.

    Raises INPUT_MISSING, or PICTURE_UNSUITABLE: too large, of another kind than it says, or
    malformed.
    """
    if not picture.kind:
        known = ", ".join(pictures.KINDS)
        raise SignetError(Reason.INPUT_MISSING, f"picture.kind is missing; give one of {known}.")
    if not picture.data:
        raise SignetError(Reason.INPUT_MISSING, "picture.data is missing; give the image.")
    if len(picture.data) > MAX_PICTURE_BYTES:
        raise SignetError(
            Reason.PICTURE_UNSUITABLE,
            f"picture.data has {len(picture.data)} bytes; it may have {MAX_PICTURE_BYTES} (1 MiB). "
            "Use fewer pixels, or a better compression.",
        )
    try:
        kind = pictures.check(picture.kind, picture.data)
        for field, size in (("width", picture.width), ("height", picture.height)):
            checks.number(size, f"picture.{field}", limits.PICTURE_MM, " mm")
    except BuildError as error:
        raise SignetError(Reason.PICTURE_UNSUITABLE, f"{error}.") from None
    return SealPicture(kind=kind, data=picture.data, width=picture.width, height=picture.height)


def checked_validity(
    valid_from: datetime, valid_until: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """Return the validity as a seal says it, in whole seconds of UTC.

    Raises INPUT_INVALID when it is empty, goes backwards, or is over.
    """
    first, last = whole(valid_from), whole(valid_until)
    if first >= last:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"valid_until is {written(last)}, which is not after valid_from, {written(first)}; "
            "give a time after it.",
        )
    if last <= now:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"valid_until is {written(last)}, which has passed (it is {written(now)}); give a "
            "time to come.",
        )
    return first, last


def whole(moment: datetime) -> datetime:
    """Return *moment* in UTC without its fraction of a second, as seals are written."""
    return moment.astimezone(UTC).replace(microsecond=0)


def written(moment: datetime) -> str:
    """Write a time as people read it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
