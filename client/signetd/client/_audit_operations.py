"""The calls of AuditService, for both clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import audit_service_pb2 as audit
from signetd.client import messages
from signetd.client._operations import Operation

_PREFIX = "/signetd.api.v1.AuditService/"


@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """Which records are wanted; what is empty or None excludes none.

    ``key`` is a key's name; ``resource`` any resource name, and goes before ``key``. ``begin`` and
    ``end`` are aware times: from the first on, and before the second.
    """

    identity: str = ""
    key: str = ""
    resource: str = ""
    operation: str = ""
    result: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    denied_only: bool = False


def list_records(wanted: RecordFilter, page_token: str, page_size: int) -> Operation:
    """AuditService.ListRecords."""
    key = messages.key_name(wanted.key) if wanted.key else ""
    times: Mapping[str, Timestamp] = {
        name: _timestamp(moment)
        for name, moment in (("from", wanted.begin), ("until", wanted.end))
        if moment is not None
    }
    request = audit.ListRecordsRequest(
        page_size=page_size,
        page_token=page_token,
        identity=wanted.identity,
        resource=wanted.resource or key,
        operation=wanted.operation,
        result=wanted.result,
        denied_only=wanted.denied_only,
        **times,  # as "from" is a word of Python
    )
    return Operation(_PREFIX + "ListRecords", request, audit.ListRecordsResponse)


def follow_records(first: int) -> Operation:
    """AuditService.FollowRecords, whose replies come as a stream."""
    request = audit.FollowRecordsRequest(first=first)
    return Operation(_PREFIX + "FollowRecords", request, audit.FollowRecordsResponse)


def export_records(first: int) -> Operation:
    """AuditService.ExportRecords, whose replies come as a stream."""
    request = audit.ExportRecordsRequest(first=first)
    return Operation(_PREFIX + "ExportRecords", request, audit.ExportRecordsResponse)


def get_status() -> Operation:
    """AuditService.GetAuditStatus."""
    return Operation(_PREFIX + "GetAuditStatus", audit.GetAuditStatusRequest(), audit.AuditStatus)


def create_checkpoint() -> Operation:
    """AuditService.CreateCheckpoint."""
    request = audit.CreateCheckpointRequest()
    return Operation(_PREFIX + "CreateCheckpoint", request, audit.AuditStatus)


def prune_records(first: int) -> Operation:
    """AuditService.PruneRecords."""
    request = audit.PruneRecordsRequest(first=first)
    return Operation(_PREFIX + "PruneRecords", request, audit.AuditStatus, again=False)


def _timestamp(moment: datetime) -> Timestamp:
    written = Timestamp()
    written.FromDatetime(moment)
    return written
