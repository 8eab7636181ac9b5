"""Gives the identities of a test's daemon their roles and grants, as an administrator would."""

from collections.abc import Iterable

import grpc

from signetd.api.v1 import access_service_pb2 as messages
from signetd.api.v1 import access_service_pb2_grpc as stubs

_SECURITY_ADMIN = messages.ROLE_SECURITY_ADMIN
_SIGNER = messages.ROLE_SIGNER


def establish(endpoint: str, first: str, *, system: str = "", signers: Iterable[str] = ()) -> None:
    """Make *first*, the first security administrator, who calls on *endpoint*, a signer too.

    Adds *system* as a system administrator, and *signers*; all who sign may use every key.
    """
    with grpc.insecure_channel(endpoint) as channel:
        service = stubs.AccessServiceStub(channel)
        both = messages.Identity(name=first, roles=[_SECURITY_ADMIN, _SIGNER])
        service.UpdateIdentity(messages.UpdateIdentityRequest(identity=both), timeout=20)
        if system:
            _add(service, system, messages.ROLE_SYSTEM_ADMIN)
        for name in signers:
            _add(service, name, _SIGNER)
        for name in (first, *signers):
            _grant_all(service, name)


def _add(service: stubs.AccessServiceStub, name: str, role: messages.Role.ValueType) -> None:
    identity = messages.Identity(name=name, roles=[role], credential=messages.CREDENTIAL_SOCKET)
    service.CreateIdentity(messages.CreateIdentityRequest(identity=identity), timeout=20)


def _grant_all(service: stubs.AccessServiceStub, name: str) -> None:
    grant = messages.Grant(
        subject=name,
        keys="keys/*",
        operations=[messages.OPERATION_READ, messages.OPERATION_VERIFY, messages.OPERATION_SIGN],
    )
    service.CreateGrant(messages.CreateGrantRequest(grant=grant), timeout=20)
