"""Certificates that are not what they should be, against a daemon with mutual TLS."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from signetd.api.v1 import access_service_pb2 as access
from tests.integration.attack import samples, tls
from tests.integration.attack.scene import FOUNDER, Scene, scene
from tests.unit.daemon.certificates import DAY, NOW, SERVER_AUTH, Holder, forger, root

URI, SIGNER = "spiffe://test/app", access.ROLE_SIGNER
APP = x509.UniformResourceIdentifier(URI)
SIGN, DENIED = "SigningService/Sign", "PERMISSION_DENIED"
ITEM = samples.item("x", "k")


@pytest.fixture(scope="module")
def secure() -> Iterator[Scene]:
    """A daemon where the identity of a URI may sign, and one that is pinned."""
    with scene() as made:
        tls.prepare(made.daemon.folder)
        made.start(audit_key=False, listener=tls.LISTENER)
        made.key("k")
        made.admit(URI, SIGNER, credential=access.CREDENTIAL_URI)
        made.grant(URI, "k")
        yield made


def test_the_right_certificate_signs(secure: Scene) -> None:
    with tls.connect(secure, URI, root().issue(APP)) as caller:
        assert caller.call(SIGN, ITEM).result == "OK"


TURNED_AWAY: dict[str, Callable[[], Holder | None]] = {
    "none": lambda: None,
    "of another CA with the name of ours": lambda: forger().issue(APP),
    "of another CA": lambda: root("another CA").issue(APP),
    "of the server's CA": lambda: root("server CA").issue(APP),
    "self-signed with the name of our CA": lambda: root().self_signed(APP),
    "expired": lambda: root().issue(APP, life=(NOW - 2 * DAY, NOW - DAY)),
    "not yet valid": lambda: root().issue(APP, life=(NOW + DAY, NOW + 2 * DAY)),
    "for servers only": lambda: root().issue(APP, usages=(SERVER_AUTH,)),
    "of a client, who is no CA": lambda: _issued_by_client(),
    "somebody else's, without his key": lambda: Holder(
        root().issue(APP).certificate, root().issue().key
    ),
}


def _issued_by_client() -> Holder:
    client, own = root().issue(APP), root().issue()
    builder = x509.CertificateBuilder(
        client.certificate.subject,
        own.certificate.subject,
        own.key.public_key(),
        x509.random_serial_number(),
        NOW - DAY,
        NOW + DAY,
    ).add_extension(x509.SubjectAlternativeName([APP]), critical=False)
    return Holder(builder.sign(client.key, hashes.SHA256()), own.key)


@pytest.mark.parametrize("kind", sorted(TURNED_AWAY))
def test_a_certificate_that_does_not_verify_gets_no_connection(secure: Scene, kind: str) -> None:
    first = secure.last()
    with tls.connect(secure, kind, TURNED_AWAY[kind]()) as caller:
        answer = caller.call(SIGN, ITEM, 5.0)
    assert answer.code == "UNAVAILABLE", answer
    assert secure.last() == first, "it was let in"


NOBODY: dict[str, tuple[Callable[[], Holder], str, str]] = {
    "unknown": (
        lambda: root().issue(x509.UniformResourceIdentifier("spiffe://test/else")),
        DENIED,
        "spiffe://test/else",
    ),
    "the name of a socket as common name": (
        lambda: root().issue(common_name=FOUNDER),
        DENIED,
        FOUNDER,
    ),
    "the name of a socket as DNS name": (
        lambda: root().issue(x509.DNSName(FOUNDER)),
        DENIED,
        FOUNDER,
    ),
    "the name of a socket as URI": (
        lambda: root().issue(x509.UniformResourceIdentifier(FOUNDER)),
        DENIED,
        FOUNDER,
    ),
    "the URI as common name": (lambda: root().issue(common_name=URI), DENIED, URI),
    "the URI as DNS name": (lambda: root().issue(x509.DNSName(URI)), DENIED, URI),
    "the URI in other letters": (
        lambda: root().issue(x509.UniformResourceIdentifier(URI.upper())),
        DENIED,
        URI.upper(),
    ),
    "two URIs": (
        lambda: root().issue(APP, x509.UniformResourceIdentifier("spiffe://test/2")),
        "IDENTITY_MISSING",
        "",
    ),
    "the same URI twice": (lambda: root().issue(APP, APP), "IDENTITY_MISSING", ""),
    "two common names": (lambda: root().issue(common_name=["a", "b"]), "IDENTITY_MISSING", ""),
}


@pytest.mark.parametrize("kind", sorted(NOBODY))
def test_a_certificate_of_somebody_else_is_refused_and_recorded(secure: Scene, kind: str) -> None:
    holder, reason, identity = NOBODY[kind]
    first = secure.last()
    with tls.connect(secure, kind, holder()) as caller:
        assert caller.call(SIGN, ITEM).result == reason
    [record] = secure.records(first)
    assert (record.identity, record.operation) == (identity, SIGN)
    assert (record.allowed, record.result) == (False, reason)


def test_a_certificate_that_is_revoked_meanwhile_is_refused(secure: Scene) -> None:
    holder = root().issue(APP)
    with tls.connect(secure, URI, holder) as caller:
        assert caller.call(SIGN, ITEM).result == "OK"
        first = secure.last()
        tls.publish(secure.daemon.folder, holder.certificate)
        end = time.monotonic() + 20
        while (answer := caller.call(SIGN, ITEM)).result == "OK":
            assert time.monotonic() < end, "the new list was not read"
            time.sleep(0.1)
    assert answer.result == "CERTIFICATE_REVOKED"
    _check_refused(secure, first, "CERTIFICATE_REVOKED")


def test_a_certificate_that_expires_meanwhile_is_refused(secure: Scene) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    holder = root().issue(APP, life=(NOW - DAY, until))
    with tls.connect(secure, URI, holder) as caller:
        assert caller.call(SIGN, ITEM).result == "OK"
        time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1.1)
        first = secure.last()
        assert caller.call(SIGN, ITEM).result == "CERTIFICATE_EXPIRED"
    _check_refused(secure, first, "CERTIFICATE_EXPIRED")


def _check_refused(secure: Scene, first: int, reason: str) -> None:
    [record] = secure.records(first, result=reason)
    assert (record.identity, record.allowed, record.operation) == ("", False, SIGN)
    assert json.loads(record.json)["detail"] == f"certificate of {URI}"


def test_a_pin_that_changes_while_a_token_signs_counts(secure: Scene) -> None:
    """The signature that is under way for the old certificate is not released."""
    old, new = root().issue(_name("pinned")), root().issue(_name("pinned"))
    name = "spiffe://test/pinned"
    secure.admit(name, SIGNER, credential=access.CREDENTIAL_URI, certificate_sha256=_sha256(old))
    secure.grant(name, "k")
    with tls.connect(secure, name, new) as caller:
        assert caller.call(SIGN, ITEM).result == DENIED
    begun = secure.daemon.count("C_Sign")
    secure.daemon.faults("C_Sign delay 500 times=1")
    with tls.connect(secure, name, old) as caller, ThreadPoolExecutor(1) as threads:
        call = threads.submit(caller.call, SIGN, ITEM)
        secure.daemon.await_calls("C_Sign", begun + 1)
        changed = secure.update(FOUNDER, name, SIGNER, certificate_sha256=_sha256(new))
        assert changed.result == "OK"
        assert call.result().result == DENIED
        assert caller.call(SIGN, ITEM).result == DENIED
    assert not secure.records(identity=name, result="OK", kind="use")


def _name(last: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(f"spiffe://test/{last}")


def _sha256(holder: Holder) -> str:
    return holder.certificate.fingerprint(hashes.SHA256()).hex()
