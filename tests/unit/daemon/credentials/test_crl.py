"""Revocation lists: which are taken, which are refused, and what they say of a chain."""

import subprocess
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]  # it ships no types
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signetd.daemon.credentials.authorities import Authorities
from signetd.daemon.credentials.crl import CrlError, Lists, read_lists
from tests.unit.daemon.certificates import CLIENT, DAY, NOW, Authority, forger, pem, root

LINKED = [x509.UniformResourceIdentifier("http://ca.example/crl")]
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")


def _lists(content: bytes, *authorities: Authority) -> Lists:
    return read_lists(content, Authorities.read(b"".join(each.pem for each in authorities)))


def _refusal(content: bytes, *authorities: Authority) -> str:
    with pytest.raises(CrlError) as caught:
        _lists(content, *(authorities or (root(),)))
    return str(caught.value)


def test_a_list_holds_the_serial_numbers_of_the_revoked() -> None:
    revoked = [root().issue(CLIENT).certificate for _ in range(3)]
    for content in (pem(root().crl(*revoked)), root().crl(*revoked).public_bytes(Encoding.DER)):
        [found] = _lists(content, root()).values()
        assert found.issuer.name == "CN=test CA"
        assert found.revoked == {each.serial_number for each in revoked}
        assert (found.this_update, found.next_update) == (NOW - DAY, NOW + DAY)


def test_a_list_of_openssl_is_read(tmp_path: Path) -> None:
    holder = root().issue(CLIENT)
    for name, content in (
        ("ca.pem", root().pem),
        ("ca.key", root().key_pem),
        ("client.pem", holder.pem),
        ("index", b""),
        ("number", b"01\n"),
        ("ca.cnf", b"[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\n"),
    ):
        (tmp_path / name).write_bytes(content)
    common = ["openssl", "ca", "-config", "ca.cnf", "-md", "sha256"]
    common += ["-cert", "ca.pem", "-keyfile", "ca.key"]
    for command in (["-revoke", "client.pem"], ["-gencrl", "-crldays", "1", "-out", "crl.pem"]):
        subprocess.run([*common, *command], cwd=tmp_path, check=True, capture_output=True)
    [found] = _lists((tmp_path / "crl.pem").read_bytes(), root()).values()
    assert found.revoked == {holder.certificate.serial_number}


def test_each_ca_has_its_own_list() -> None:
    other = root("other CA")
    mine, theirs = root().issue(CLIENT).certificate, other.issue(CLIENT).certificate
    lists = _lists(pem(root().crl(mine), other.crl(theirs)), root(), other)
    revoked = {issuer.name: found.revoked for issuer, found in lists.items()}
    assert revoked == {"CN=test CA": {mine.serial_number}, "CN=other CA": {theirs.serial_number}}


def test_two_cas_of_one_name_are_told_apart_by_their_keys() -> None:
    holder = forger().issue(CLIENT).certificate
    authorities = Authorities.read(root().pem + forger().pem)
    lists = read_lists(pem(root().crl(), forger().crl(holder)), authorities)
    [link] = authorities.links(holder)
    assert link.issuer is not None
    assert holder.serial_number in lists[link.issuer].revoked
    assert len(lists) == 2


def test_a_list_of_another_ca_is_refused() -> None:
    assert (
        "has a list of CN=other CA, which is not of a CA in client_ca: none there has this name"
        in (_refusal(pem(root().crl(), root("other CA").crl())))
    )


def test_a_list_that_its_ca_did_not_sign_is_refused() -> None:
    assert "CN=test CA, which is not of a CA in client_ca: its signature" in (
        _refusal(pem(forger().crl()))
    )
    der = bytearray(root().crl().public_bytes(Encoding.DER))
    der[-1] ^= 1
    assert "its signature is wrong" in _refusal(bytes(der))


def test_a_ca_that_may_not_sign_lists_does_not() -> None:
    limited = root().issue_authority("limited CA", crl_sign=False)
    assert "its signature is wrong, or the CA's certificate does not allow cRLSign" in (
        _refusal(pem(limited.crl()), limited)
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 3],
        lambda content: content[:-10],
        lambda content: root().pem + content,
        lambda content: content.replace(b"M", b"N", 5),
        lambda content: b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    ],
    ids=["empty", "cut off", "without its end", "with a certificate", "garbled", "not a list"],
)
def test_what_is_no_list_is_refused(damage: object) -> None:
    assert callable(damage)
    content = damage(pem(root("other CA").crl(), root().crl()))
    assert "is not a revocation list in DER, or lists in PEM" in (
        _refusal(content, root(), root("other CA"))
    )


def test_a_list_without_an_end_is_refused() -> None:
    crl = asn1_crl.CertificateList.load(root().crl().public_bytes(Encoding.DER))
    del crl["tbs_cert_list"]["next_update"]
    signed = crl["tbs_cert_list"].dump(force=True)
    crl["signature"] = root().key.sign(signed, ec.ECDSA(hashes.SHA256()))
    assert "does not say until when it counts" in _refusal(crl.dump(force=True))


def test_two_lists_of_one_ca_are_refused() -> None:
    assert "two lists of CN=test CA" in _refusal(pem(root().crl(), root().crl()))


@pytest.mark.parametrize(
    ("extension", "critical", "says"),
    [
        (x509.DeltaCRLIndicator(1), True, "is a delta list; only complete lists count"),
        (
            x509.IssuingDistributionPoint(
                full_name=LINKED,
                relative_name=None,
                only_contains_user_certs=False,
                only_contains_ca_certs=False,
                only_some_reasons=None,
                indirect_crl=True,
                only_contains_attribute_certs=False,
            ),
            True,
            "is indirect, or limited to some certificates; only complete lists count",
        ),
        (UNKNOWN, True, "has the critical extension 1.2.3.4, which is not known"),
    ],
)
def test_a_list_with_limits_is_refused(
    extension: x509.ExtensionType, critical: bool, says: str
) -> None:
    assert says in _refusal(pem(root().crl(extensions=[(extension, critical)])))


@pytest.mark.parametrize(
    ("extension", "critical", "says"),
    [
        (x509.CertificateIssuer([x509.DNSName("other")]), True, "is of another CA"),
        (UNKNOWN, True, "with an entry that has the critical extension 1.2.3.4"),
    ],
)
def test_an_entry_that_is_not_understood_is_refused(
    extension: x509.ExtensionType, critical: bool, says: str
) -> None:
    revoked = root().issue(CLIENT).certificate
    crl = root().crl(revoked, entry_extensions=[(extension, critical)])
    assert says in _refusal(pem(crl))


def test_an_entry_that_takes_back_a_revocation_is_refused() -> None:
    crl = root().crl(root().issue(CLIENT).certificate, reason=x509.ReasonFlags.remove_from_crl)
    assert "takes back a revocation; only complete lists count" in _refusal(pem(crl))


def test_a_hold_is_a_revocation_and_harmless_extensions_are_no_problem() -> None:
    held = root().issue(CLIENT).certificate
    crl = root().crl(
        held,
        reason=x509.ReasonFlags.certificate_hold,
        extensions=[(x509.CRLNumber(7), False), (UNKNOWN, False)],
        entry_extensions=[(UNKNOWN, False)],
    )
    [found] = _lists(pem(crl), root()).values()
    assert found.revoked == {held.serial_number}
