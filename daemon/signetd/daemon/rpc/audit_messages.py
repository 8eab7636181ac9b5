"""Between the audit's records and the messages of AuditService."""

import re
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import audit_service_pb2 as messages
from signetd.daemon.audit import chain
from signetd.daemon.audit.service import Audit
from signetd.daemon.rpc import convert
from signetd.daemon.state.audit import ChainFacts, RecordFilter
from signetd.drivers.errors import Reason, SignetError

_PAGE_TOKEN: Final = re.compile(r"after-(\d{1,18})")


def record(body: bytes) -> messages.AuditRecord:
    """Write the record with these bytes; raises SignetError INTERNAL if they are not one."""
    try:
        found = chain.decode(body)
        moment = chain.read_time(found.time)
    except ValueError as error:
        raise SignetError(
            Reason.INTERNAL,
            f"A record of the audit cannot be read ({error}): somebody has changed the database.",
        ) from None
    return messages.AuditRecord(
        number=found.number,
        time=convert.timestamp(moment),
        kind=found.kind.value,
        identity=found.identity,
        operation=found.operation,
        resource=found.resource,
        allowed=found.allowed,
        result=found.result,
        json=body.decode(),
        hash=chain.hash_of(body),
    )


def record_filter(request: messages.ListRecordsRequest) -> RecordFilter:
    """Read which records are wanted; raises INPUT_INVALID."""
    # `from` is a word of Python.
    begin = getattr(request, "from") if request.HasField("from") else None
    return RecordFilter(
        identity=request.identity,
        resource=request.resource,
        operation=request.operation,
        result=request.result,
        not_before=_moment(begin, "from"),
        before=_moment(request.until if request.HasField("until") else None, "until"),
        denied_only=request.denied_only,
    )


def _moment(stamp: Timestamp | None, field: str) -> datetime | None:
    if stamp is None:
        return None
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SignetError(
            Reason.INPUT_INVALID, f"{field} is not a time between the years 1 and 9999."
        ) from None


def page_token_after(number: int) -> str:
    """Return the token of the page that begins after the record *number*."""
    return f"after-{number}"


def read_page_token(token: str) -> int:
    """Return the number with which the page begins, 1 for the first page; raises INPUT_INVALID."""
    if not token:
        return 1
    found = _PAGE_TOKEN.fullmatch(token)
    if found is None:
        raise SignetError(
            Reason.INPUT_INVALID,
            "page_token is not one that this service gave; use next_page_token of the page "
            "before, or leave it empty for the first page.",
        )
    return int(found[1]) + 1


def status(audit: Audit, facts: ChainFacts) -> messages.AuditStatus:
    """Write how the audit is."""
    tail, checkpoint, key = (
        audit.ledger.tail,
        audit.checkpoints.state,
        audit.checkpoints.signer.key(),
    )
    return messages.AuditStatus(
        chain=audit.store.chain,
        first=facts.first,
        last=tail.number,
        last_hash=tail.hash,
        covered=checkpoint.covered,
        checkpoint_time=None if checkpoint.time is None else convert.timestamp(checkpoint.time),
        key="" if key is None else key.name,
        exported=facts.exported,
        failure=audit.ledger.failure,
        checkpoint_failure=checkpoint.failure,
    )
