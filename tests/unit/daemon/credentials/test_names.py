"""Whom a certificate names, and which certificates name nobody."""

import hashlib
from collections.abc import Iterable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from signetd.daemon.credentials import CertificateIdentity, Presented, SocketIdentity
from signetd.daemon.policy.types import Credential
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.certificates import root

URI = x509.UniformResourceIdentifier("spiffe://a/b")
DNS = x509.DNSName("app.example")
MAIL = x509.RFC822Name("a@example")


def _present(pem: bytes) -> Presented:
    return CertificateIdentity().present({"x509_pem_cert": [pem]})


@pytest.mark.parametrize(
    ("names", "name", "credential"),
    [
        ([DNS, URI], "spiffe://a/b", Credential.URI),
        ([DNS], "app.example", Credential.DNS),
        ([MAIL], "cn", Credential.COMMON_NAME),
        ([], "cn", Credential.COMMON_NAME),
    ],
)
def test_a_certificate_names_its_holder(
    names: list[x509.GeneralName], name: str, credential: Credential
) -> None:
    holder = root().issue(*names, common_name="cn")
    der = holder.certificate.public_bytes(serialization.Encoding.DER)
    assert _present(holder.pem) == Presented(
        name=name, credential=credential, certificate_sha256=hashlib.sha256(der).hexdigest()
    )


@pytest.mark.parametrize("name", ["印章 一号", "x" * 64, "a b"])
def test_a_common_name_may_be_any_text_that_can_be_seen(name: str) -> None:
    assert _present(root().issue(common_name=name).pem).name == name


@pytest.mark.parametrize(
    ("names", "common_names", "says"),
    [
        ([], [], "no SAN URI, SAN DNS name or common name"),
        ([URI, x509.UniformResourceIdentifier("spiffe://c/d")], ["cn"], "2 names of the kind"),
        ([DNS, x509.DNSName("b.example")], ["cn"], "2 names of the kind"),
        ([], ["cn", "other"], "2 names of the kind common name"),
        ([x509.UniformResourceIdentifier("")], ["cn"], "an empty SAN URI"),
        ([x509.DNSName("a" * 256)], ["cn"], "more than 255 characters"),
        ([x509.UniformResourceIdentifier("spiffe://a\n")], ["cn"], "control characters"),
        ([], ["admin\0.example"], "control characters"),
        ([], ["\u202enimda"], "control characters or invisible ones"),
    ],
)
def test_an_unclear_certificate_names_nobody(
    names: list[x509.GeneralName], common_names: Iterable[str], says: str
) -> None:
    pem = root().issue(*names, common_name=common_names).pem
    with pytest.raises(SignetError, match=says) as caught:
        _present(pem)
    assert caught.value.reason is Reason.IDENTITY_MISSING


@pytest.mark.parametrize(
    "pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_names_nobody(pem: bytes) -> None:
    with pytest.raises(SignetError) as caught:
        _present(pem)
    assert caught.value.reason is Reason.IDENTITY_MISSING


def test_a_connection_without_a_certificate_has_no_identity() -> None:
    with pytest.raises(SignetError, match="No client certificate") as caught:
        CertificateIdentity().present({})
    assert caught.value.reason is Reason.IDENTITY_MISSING


def test_a_common_name_is_not_the_socket_of_the_same_name() -> None:
    by_socket = SocketIdentity("local-app").present({})
    assert by_socket == Presented(name="local-app", credential=Credential.SOCKET)
    by_name = _present(root().issue(common_name="local-app").pem)
    assert (by_name.name, by_name.credential) == ("local-app", Credential.COMMON_NAME)
    assert by_name != by_socket
