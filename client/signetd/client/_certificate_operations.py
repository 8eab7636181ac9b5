"""The calls of KeyService about certificates, for both clients."""

from collections.abc import Iterable

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.client import messages
from signetd.client._operations import Operation

_SERVICE = "/signetd.api.v1.KeyService/"


def create_csr(
    name: str,
    subject: str,
    alternative_names: Iterable[str],
    key_usages: Iterable[str],
    extended_key_usages: Iterable[str],
    algorithm: str | None,
) -> Operation:
    """CreateCsr: a second one does no harm."""
    request = keys.CreateCsrRequest(
        name=messages.key_name(name),
        subject=subject,
        alternative_names=alternative_names,
        key_usages=key_usages,
        extended_key_usages=extended_key_usages,
        algorithm=resources.Algorithm.ValueType(messages.algorithm_number(algorithm)),
    )
    return Operation(_SERVICE + "CreateCsr", request, keys.Csr)


def import_certificate(name: str, certificates: bytes, *, not_on_token: bool) -> Operation:
    """ImportCertificate: the same one twice is as once."""
    request = keys.ImportCertificateRequest(
        name=messages.key_name(name), certificates=certificates, not_on_token=not_on_token
    )
    return Operation(_SERVICE + "ImportCertificate", request, keys.KeyCertificate)


def get_certificate(name: str, version: int | None) -> Operation:
    """GetCertificate."""
    request = keys.GetCertificateRequest(name=messages.version_name(name, version))
    return Operation(_SERVICE + "GetCertificate", request, keys.KeyCertificate)
