"""The table of the API's methods: who may call each, what it takes, and who answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from signetd.daemon.rpc import rules
from signetd.daemon.rpc.rules import Rule
from signetd.drivers.errors import Reason, SignetError


@dataclass(frozen=True)
class Method:
    """A method: its full name, who may call it, what it takes, who answers, with one reply or many.

    `answer` is a coroutine function, or an asynchronous generator function when it `streams`. It
    takes a request, or, when it `takes_many`, the Incoming messages.
    """

    path: str
    rule: Rule
    request: type[Message]
    answer: Callable[[Any], Any]
    streams: bool = False
    takes_many: bool = False

    def read(self, raw: bytes) -> Message:
        """Read the request; raises INPUT_INVALID."""
        try:
            return self.request.FromString(raw)
        except DecodeError:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"The request is not a valid {self.request.DESCRIPTOR.full_name} message.",
            ) from None


def table(
    services: Iterable[ServiceDescriptor],
    apis: Mapping[str, object],
    given: Mapping[str, Rule],
) -> dict[str, dict[str, Method]]:
    """Return the methods by the full names of their services, and by their own.

    *apis* are who answers each service: an object, or a tuple of objects that share its methods.
    Raises ValueError when a method of the API has no rule or nobody to answer it.
    """
    services = tuple(services)
    rules.check_complete(services, given)
    return {
        service.full_name: {
            method.name: _method(service, method, apis.get(service.full_name), given)
            for method in service.methods
        }
        for service in services
    }


def _method(
    service: ServiceDescriptor,
    method: MethodDescriptor,
    api: object,
    given: Mapping[str, Rule],
) -> Method:
    path = rules.path(service, method.name)
    name = _snake_case(method.name)
    parts = api if isinstance(api, tuple) else (api,)
    answers = [getattr(part, name) for part in parts if hasattr(part, name)]
    if len(answers) != 1:
        raise ValueError(f"{len(answers)} objects answer the method {path}, and one must")
    (answer,) = answers
    request = GetMessageClass(method.input_type)
    many = method.server_streaming, method.client_streaming
    return Method(path, given[path], request, answer, *many)


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
