"""The times of seals and stamps: made, valid, applied."""

from datetime import datetime, timedelta
from typing import Final

from signetd.seal.circumstances import SealStatus, Standing
from signetd.seal.model import Format, Properties
from signetd.seal.verify_findings import Finding, failed, not_checked, passed, warning

MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ: what was made just now is not in the future."""
_STANDINGS: Final = {
    Standing.SUSPENDED: ("suspended", "停用"),
    Standing.CANCELLED: ("cancelled", "注销"),
}


def check_create_time(properties: Properties, form: Format, at: datetime) -> Finding:
    """Look whether the seal had been made by *at*, as GM/T 0031-2025 alone asks."""
    made = properties.create_time
    if made - at <= MAX_CLOCK_DIFFERENCE:
        return passed(f"made at {made.isoformat()}", f"制章时间为 {made.isoformat()}")
    say = failed if form is Format.V5 else warning
    return say(
        f"made at {made.isoformat()}, later than {at.isoformat()}",
        f"制章时间 {made.isoformat()} 晚于 {at.isoformat()}",
    )


def check_seal_now(properties: Properties, at: datetime) -> Finding:
    """Look whether the seal can be used at *at*."""
    span, span_zh = _span(properties)
    if at < properties.valid_from:
        return failed(f"not yet valid at {at.isoformat()}: {span}", f"印章尚未生效：{span_zh}")
    if at > properties.valid_until:
        return failed(f"expired at {at.isoformat()}: {span}", f"印章已过期：{span_zh}")
    return passed(span, span_zh)


def check_seal_of_stamp(properties: Properties, at: datetime) -> Finding:
    """Look at the validity of a seal in a stamp: that it is over by *at* is worth knowing only.

    Whether it was valid when the stamp was made is what SIGNING_TIME tells.
    """
    span, span_zh = _span(properties)
    if properties.valid_from > properties.valid_until:
        return failed(f"it ends before it begins: {span}", f"有效期的结束早于开始：{span_zh}")
    if at > properties.valid_until:
        return warning(f"expired by now: {span}", f"印章现已过期：{span_zh}")
    return passed(span, span_zh)


def check_signing_time(properties: Properties, time: datetime | None, now: datetime) -> Finding:
    """Look whether the stamp was made within the validity of its seal."""
    if time is None:
        return failed("the time of signing cannot be read", "签章时间无法确定")
    said, said_zh = f"signed at {time.isoformat()}", f"签章时间为 {time.isoformat()}"
    if time - now > MAX_CLOCK_DIFFERENCE:
        return failed(f"{said}, which is in the future", f"{said_zh}，晚于当前时间")
    if not properties.valid_from <= time <= properties.valid_until:
        span, span_zh = _span(properties)
        return failed(
            f"{said}, outside the validity of the seal: {span}",
            f"{said_zh}，不在印章有效期内：{span_zh}",
        )
    return passed(f"{said}, within the validity of the seal", f"{said_zh}，在印章有效期内")


def check_status(status: SealStatus | None, at: datetime) -> Finding:
    """Look at what a status query has told of the seal, for the time *at*."""
    if status is None:
        return not_checked("no status query was made", "未查询印章状态")
    if status.standing is Standing.GOOD:
        return passed("the status query says: in use", "状态查询结果：正常")
    if status.standing is Standing.UNKNOWN:
        return failed("the status query knows no such seal", "状态查询结果：没有该印章")
    return _ended(status, at)


def _ended(status: SealStatus, at: datetime) -> Finding:
    word, word_zh = _STANDINGS[status.standing]
    if status.since is None:
        return failed(f"{word}, by the status query", f"状态查询结果：已{word_zh}")
    since = status.since.isoformat()
    if status.since > at:
        return warning(
            f"{word} since {since}, after {at.isoformat()}",
            f"印章自 {since} 起{word_zh}，在 {at.isoformat()} 之后",
        )
    return failed(f"{word} since {since}, by the status query", f"印章自 {since} 起已{word_zh}")


def _span(properties: Properties) -> tuple[str, str]:
    first, last = properties.valid_from.isoformat(), properties.valid_until.isoformat()
    return f"the seal is valid from {first} until {last}", f"印章有效期为 {first} 至 {last}"
