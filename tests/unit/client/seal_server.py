"""A SealService that answers as a test tells it to, and remembers what it was asked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.gm.sm3 import sm3

_SERVICE = "signetd.api.v1.SealService"
_METHODS = messages.DESCRIPTOR.services_by_name["SealService"].methods
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
DER = b"0\x03\x02\x01\x04"
PNG = b"\x89PNG\r\n\x1a\n and so on"


def seal(name: str = "company", **changes: Any) -> messages.Seal:
    """Return a seal that is in use."""
    found = messages.Seal(
        name=f"seals/{name}",
        state=messages.SEAL_STATE_IN_USE,
        kind=messages.SEAL_KIND_LEGAL_NAME,
        title="示例科技有限公司",
        owner=messages.SealOwner(
            name="示例科技有限公司", unified_social_credit_code="91110108MA01A2B3CF"
        ),
        seal_id="11010800000001",
        format=messages.SEAL_FORMAT_V5,
        picture=messages.SealPicture(kind="PNG", data=PNG, width=40, height=42),
        signing_key="keys/sealing",
        maker_key="keys/maker",
        certificates=[b"own", b"another's"],
        applicant="app",
        origin=messages.SEAL_ORIGIN_MADE,
        sm3=sm3(DER).hex(),
        der=DER,
        filing_number="F-1",
        filing_record=b'{"kind": "seal-filing"}',
        uses=7,
    )
    found.valid_from.FromDatetime(NOW)
    found.valid_until.FromDatetime(datetime(2028, 11, 25, 9, 30, tzinfo=UTC))
    found.MergeFrom(messages.Seal(**changes))
    return found


def stamped(content: bytes = b"a stamp", *, altered: bool = False, **changes: Any) -> Any:
    """Return the reply with a stamp."""
    reply = messages.StampResponse(
        stamp=content,
        key_version="keys/sealing/versions/1",
        audit_number=12,
        stamp_crc32c=google_crc32c.value(content) ^ altered,
        **changes,
    )
    reply.time.FromDatetime(NOW)
    return reply


def failure(reason: str, *, retryable: bool = False) -> Any:
    """Return the google.rpc.Status of a refusal."""
    info = error_details_pb2.ErrorInfo(
        reason=reason, domain="signetd", metadata={"retryable": str(retryable).lower()}
    )
    detail = AnyMessage()
    detail.Pack(info)
    code = grpc.StatusCode.FAILED_PRECONDITION.value[0]
    return status_pb2.Status(code=code, message=f"no: {reason}", details=[detail])


class SealServer:
    """Answers each method with what ``answers`` has for it; several answers are given in turn."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.requests: list[tuple[str, Any]] = []

    def asked(self, method: str) -> list[Any]:
        """Return the requests of a method so far."""
        return [request for name, request in self.requests if name == method]

    def _answer(self, method: str, request: Any, context: Any) -> Any:
        self.requests.append((method, request))
        answer = self.answers[method]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, status_pb2.Status):
            context.abort_with_status(rpc_status.to_status(answer))
        return answer

    def handler(self, method: Any) -> Any:
        """Return what gRPC calls for a method."""
        read = getattr(messages, method.input_type.name).FromString
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(method.name, request, context),
            read,
            lambda message: message.SerializeToString(),
        )


@contextmanager
def serving(folder: Path) -> Iterator[tuple[SealServer, str]]:
    """Serve in *folder*; yields the server and its address."""
    made, server = SealServer(), grpc.server(ThreadPoolExecutor(2))
    handlers = {method.name: made.handler(method) for method in _METHODS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
    address = f"unix:{folder}/seals.sock"
    server.add_insecure_port(address)
    server.start()
    try:
        yield made, address
    finally:
        server.stop(None).wait(5)
