"""Calls as an attacker makes them: any method of the API with any bytes, and what came back."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

import signetd.api.v1
from signetd.client.errors import from_rpc


def _methods() -> Iterator[tuple[str, MethodDescriptor]]:
    """Find the methods in the generated code, not where the daemon keeps its list of services."""
    for module in pkgutil.iter_modules(signetd.api.v1.__path__):
        if module.name.endswith("_service_pb2"):
            file = importlib.import_module(f"signetd.api.v1.{module.name}").DESCRIPTOR
            for service in file.services_by_name.values():
                for method in service.methods:
                    yield f"{service.name}/{method.name}", method


METHODS: dict[str, MethodDescriptor] = dict(_methods())
"""Every method of the API by `Service/Method`."""


@dataclass(frozen=True)
class Answer:
    """How a call ended: ``result`` is `OK`, or the reason in ErrorInfo, or else gRPC's code."""

    result: str
    code: str = "OK"
    message: str = ""
    reply: Any = None


class Caller:
    """Somebody who calls over one connection."""

    def __init__(self, name: str, channel: grpc.Channel) -> None:
        self.name = name
        self.channel = channel

    def __enter__(self) -> "Caller":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.channel.close()

    def call(self, method: str, request: Message | bytes, seconds: float = 30.0) -> Answer:
        """Call a method; of a stream, the first reply is taken, or none within *seconds*."""
        descriptor = METHODS[method]
        raw = request if isinstance(request, bytes) else request.SerializeToString()
        channel = cast(Any, self.channel)
        kind = channel.unary_stream if descriptor.server_streaming else channel.unary_unary
        make = kind(
            f"/signetd.api.v1.{method}",
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        try:
            if not descriptor.server_streaming:
                return Answer("OK", reply=make(raw, timeout=seconds))
            stream = make(raw, timeout=seconds)
            reply = next(iter(stream))
            stream.cancel()
            return Answer("OK", reply=reply)
        except grpc.RpcError as error:
            return _failed(error)

    def done(self, method: str, request: Message) -> Any:
        """Call what must succeed; return the reply."""
        answer = self.call(method, request)
        assert answer.result == "OK", f"{self.name} {method}: {answer.result}: {answer.message}"
        return answer.reply


def _failed(error: grpc.RpcError) -> Answer:
    code = cast(grpc.Call, error).code().name
    if code == "DEADLINE_EXCEEDED":
        return Answer(code, code)
    found = from_rpc(error, "")
    return Answer(found.reason or code, code, found.message)
