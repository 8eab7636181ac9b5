"""Between the messages of VerificationService and the daemon's own values."""

from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import verification_service_pb2 as messages
from signetd.daemon.rpc import convert
from signetd.daemon.trust.types import Counts, ImportedList, Judged, Wanted
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Check, Result, Rules, Verdict

MAX_BYTES: Final = 2 << 20
"""Of a seal or a stamp."""
MAX_LIST_BYTES: Final = 4 << 20
_DIGEST_BYTES: Final = 32
_RULES: Final = {
    messages.VERIFICATION_RULES_GBT_38540: Rules.GBT_38540,
    messages.VERIFICATION_RULES_GMT_0031: Rules.GMT_0031_2025,
}
_RULES_NUMBERS: Final[dict[Rules, Any]] = {rules: number for number, rules in _RULES.items()}
_RESULTS: Final[dict[Result, Any]] = {
    Result.PASSED: messages.CHECK_RESULT_PASSED,
    Result.FAILED: messages.CHECK_RESULT_FAILED,
    Result.WARNING: messages.CHECK_RESULT_WARNING,
    Result.NOT_CHECKED: messages.CHECK_RESULT_NOT_CHECKED,
}


def list_id(name: str, field: str = "name") -> str:
    """Return the last part of `trustLists/{list}`; raises INPUT_MISSING, INPUT_INVALID."""
    return convert.resource_id(name, "trustLists", field)


def wanted(request: messages.VerifySealRequest | messages.VerifyStampRequest) -> Wanted:
    """Read how something is to be judged; raises INPUT_INVALID."""
    named = request.trust_list
    return Wanted(
        trust_list=list_id(named, "trust_list") if named else "",
        time=_time(request.time) if request.HasField("time") else None,
        rules=_rules(request.rules),
    )


def check_size(data: bytes, field: str, most: int = MAX_BYTES) -> bytes:
    """Return *data*; raises INPUT_MISSING, MESSAGE_TOO_LARGE."""
    if not data:
        raise SignetError(Reason.INPUT_MISSING, f"{field} is missing.")
    if len(data) > most:
        raise SignetError(
            Reason.MESSAGE_TOO_LARGE, f"{field} has {len(data)} bytes; {most} are the most."
        )
    return data


def digest(request: messages.VerifyStampRequest) -> bytes | None:
    """Read the digest of the document, None if it is not given; raises DIGEST_LENGTH_WRONG."""
    if not request.HasField("document_digest"):
        return None
    if len(request.document_digest) != _DIGEST_BYTES:
        raise SignetError(
            Reason.DIGEST_LENGTH_WRONG,
            f"document_digest has {len(request.document_digest)} bytes; an SM3 digest has "
            f"{_DIGEST_BYTES}. Leave it out to have the stamp judged without its document.",
        )
    return request.document_digest


def report(judged: Judged) -> messages.VerificationReport:
    """Write a report."""
    found = judged.report
    return messages.VerificationReport(
        good=found.verdict is Verdict.GOOD,
        rules=_RULES_NUMBERS[found.rules],
        checks=map(_check, found.checks),
        trust_list=judged.trust_list,
    )


def trust_list(found: ImportedList, counts: Counts) -> messages.TrustList:
    """Write a trust list."""
    return messages.TrustList(
        name=found.name,
        version=found.version,
        retired=found.retired,
        comment=found.comment,
        content=found.content,
        sm3=found.sm3,
        roots=counts.roots,
        makers=counts.makers,
        creator=found.creator,
        create_time=convert.timestamp(found.create_time),
    )


def _check(check: Check) -> messages.VerificationCheck:
    return messages.VerificationCheck(
        name=check.name,
        about=check.about,
        result=_RESULTS[check.result],
        reason=check.reason,
        reason_zh=check.reason_zh,
        clause=check.clause,
    )


def _rules(number: int) -> Rules | None:
    if number == messages.VERIFICATION_RULES_UNSPECIFIED:
        return None
    for known, rules in _RULES.items():
        if known == number:
            return rules
    raise SignetError(
        Reason.INPUT_INVALID,
        f"rules has the number {number}, which this daemon does not know; it knows 1 (GB/T 38540) "
        "and 2 (GM/T 0031).",
    )


def _time(stamp: Timestamp) -> datetime:
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SignetError(
            Reason.INPUT_INVALID, "time is not a time between the years 1 and 9999."
        ) from None
