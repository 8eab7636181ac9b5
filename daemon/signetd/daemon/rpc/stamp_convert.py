"""Between the messages about stamps and the daemon's own values."""

import google_crc32c

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.rpc import convert, seal_convert
from signetd.daemon.seals.stamp_types import StampInput, StampMade
from signetd.seal import Extension


def stamp_input(request: messages.StampRequest) -> StampInput:
    """Read what is to be stamped; raises INPUT_MISSING, INPUT_INVALID."""
    return StampInput(
        seal=seal_convert.seal_id(request.seal, "seal"),
        document_digest=request.document_digest,
        property_info=request.property_info,
        extensions=tuple(
            Extension(oid=each.oid, critical=each.critical, value=each.value)
            for each in request.extensions
        ),
        approval=request.approval,
        timestamp=request.timestamp,
    )


def stamp_response(made: StampMade) -> messages.StampResponse:
    """Write a stamp."""
    return messages.StampResponse(
        stamp=made.stamp,
        time=convert.timestamp(made.time),
        key_version=convert.version_name(made.key),
        timestamped=made.timestamped,
        timestamp_failure=made.timestamp_failure,
        audit_number=made.number,
        stamp_crc32c=google_crc32c.value(made.stamp),
    )
