"""Times in seals and stamps: what makers write, read into UTC; and one form that is written.

The standards say UTCTime (GM/T 0031-2014) and GeneralizedTime (GB/T 38540, GM/T 0031-2025). In
files there are also times without a zone, with an offset, with fractions of a second, and
GM/T 0031-2014's timeInfo as text in a BIT STRING.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from signetd.seal import limits, scalars, tlv
from signetd.seal.tlv import Node

TAGS: Final = (tlv.GENERALIZED_TIME, tlv.UTC_TIME)
LOCAL: Final = timezone(timedelta(hours=8))
"""Where there is no zone, the time is local (X.680, 46.2): China has one, without summer time."""

_ZONE: Final = r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
_FRACTION: Final = r"(?:[.,](?P<fraction>\d{1,9}))?"
_GENERALIZED: Final = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)"
    rf"(?:(?P<minute>\d\d)(?:(?P<second>\d\d){_FRACTION})?)?{_ZONE}",
    re.ASCII,
)
_UTC_TIME: Final = re.compile(
    r"(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)"
    rf"(?P<minute>\d\d)(?P<second>\d\d)?{_ZONE}",
    re.ASCII,
)
_TEXT: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T ](?P<hour>\d\d)"
    rf":(?P<minute>\d\d)(?::(?P<second>\d\d){_FRACTION})?{_ZONE}",
    re.ASCII,
)


def read(node: Node) -> datetime:
    """Return a GeneralizedTime or a UTCTime, in UTC. Raises SealError."""
    form = _UTC_TIME if node.tag == tlv.UTC_TIME else _GENERALIZED
    return _read(node, _ascii(node), form)


def read_text(node: Node, content: bytes) -> datetime:
    """Return the time that is written as text in a BIT STRING or OCTET STRING, in UTC.

    A whole UTCTime or GeneralizedTime may be in there as well. Raises SealError.
    """
    if len(content) > 2 and content[0] in TAGS and content[1] == len(content) - 2:
        form = _UTC_TIME if content[0] == tlv.UTC_TIME else _GENERALIZED
        return _read(node, content[2:].decode("ascii", "replace"), form)
    return _read(node, content.decode("ascii", "replace"), _TEXT, _UTC_TIME, _GENERALIZED)


def generalized(moment: datetime) -> bytes:
    """Return the content of a GeneralizedTime in DER: UTC, whole seconds (X.690, 11.7).

    Fractions of a second are left out. *moment* must have a zone.
    """
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").rjust(15, "0").encode()


def _ascii(node: Node) -> str:
    scalars.check_length(node, limits.TIME_BYTES)
    return node.value.decode("ascii", "replace")


def _read(node: Node, written: str, *forms: re.Pattern[str]) -> datetime:
    """Return the time by the first form that fits."""
    for form in forms:
        if found := form.fullmatch(written):
            try:
                return _moment(found)
            except (ValueError, OverflowError):
                break  # no such day or hour: told like any other malformed time
    node.fail(f"{_shown(written)} is not a time")


def _moment(found: re.Match[str]) -> datetime:
    part = found.groupdict()
    year = int(part["year"])
    if len(part["year"]) == 2:
        year += 1900 if year >= 50 else 2000  # RFC 5280, 4.1.2.5.1
    micros = (part.get("fraction") or "").ljust(6, "0")[:6]
    return datetime(
        year,
        int(part["month"]),
        int(part["day"]),
        int(part["hour"]),
        int(part["minute"] or 0),
        int(part["second"] or 0),
        int(micros),
        tzinfo=_zone(part["zone"]),
    ).astimezone(UTC)


def _zone(written: str | None) -> timezone:
    if written is None:
        return LOCAL
    if written == "Z":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if written[0] == "-" else offset)


def _shown(written: str) -> str:
    return ascii(written if len(written) <= limits.TIME_BYTES else written[: limits.TIME_BYTES])
