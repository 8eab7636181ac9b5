"""Which role may call which method. A method without a rule stops the daemon from starting."""

from collections.abc import Iterable, Mapping
from typing import Final

from google.protobuf.descriptor import ServiceDescriptor

from signetd.api.v1 import key_service_pb2, signing_service_pb2, token_service_pb2
from signetd.daemon.config import Role

SERVICES: Final[tuple[ServiceDescriptor, ...]] = (
    signing_service_pb2.DESCRIPTOR.services_by_name["SigningService"],
    key_service_pb2.DESCRIPTOR.services_by_name["KeyService"],
    token_service_pb2.DESCRIPTOR.services_by_name["TokenService"],
)
"""Every service of the API."""

_ADMIN: Final = frozenset({Role.ADMIN})
_SIGNER: Final = frozenset({Role.SIGNER})
_BOTH: Final = _ADMIN | _SIGNER

RULES: Final[dict[str, frozenset[Role]]] = {
    "/signetd.api.v1.SigningService/Sign": _SIGNER,
    "/signetd.api.v1.SigningService/BatchSign": _SIGNER,
    # It needs the public key only, which both may read.
    "/signetd.api.v1.SigningService/Verify": _BOTH,
    "/signetd.api.v1.KeyService/ListKeys": _BOTH,
    "/signetd.api.v1.KeyService/GetKey": _BOTH,
    "/signetd.api.v1.KeyService/GetPublicKey": _BOTH,
    "/signetd.api.v1.KeyService/GenerateKey": _ADMIN,
    "/signetd.api.v1.KeyService/EnrolKey": _ADMIN,
    "/signetd.api.v1.KeyService/DisableKey": _ADMIN,
    "/signetd.api.v1.KeyService/EnableKey": _ADMIN,
    "/signetd.api.v1.KeyService/DestroyKey": _ADMIN,
    "/signetd.api.v1.KeyService/SetKeyPolicy": _ADMIN,
    "/signetd.api.v1.TokenService/ListTokens": _BOTH,
    "/signetd.api.v1.TokenService/GetToken": _BOTH,
    "/signetd.api.v1.TokenService/UnlockToken": _ADMIN,
    "/signetd.api.v1.TokenService/LockToken": _ADMIN,
    "/signetd.api.v1.TokenService/WatchTokens": _BOTH,
}
"""Full method name to the roles of which a caller needs one."""


def path(service: ServiceDescriptor, method: str) -> str:
    """Return the full name of a method, as it is called."""
    return f"/{service.full_name}/{method}"


def check_complete(
    services: Iterable[ServiceDescriptor],
    rules: Mapping[str, frozenset[Role]],
) -> None:
    """Raise ValueError naming the methods that have no rule, and the rules of no method."""
    methods = {path(service, method.name) for service in services for method in service.methods}
    without = {name for name in methods if not rules.get(name)}
    wrong = sorted(without | (rules.keys() - methods))
    if wrong:
        raise ValueError(f"rules and methods of the API do not match: {', '.join(wrong)}")
