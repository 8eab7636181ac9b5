"""Streams with mutual TLS: the certificate counts for each message, not only for the connection."""

from collections.abc import Iterator

import grpc
import pytest
from cryptography import x509

from signetd.api.v1 import access_service_pb2 as access
from tests.integration.attack import tls
from tests.integration.attack.scene import Scene, scene
from tests.integration.streams.conftest import settle
from tests.integration.streams.talk import (
    Openssl,
    Stream,
    chunks,
    document,
    end,
    reasons,
    sign,
    start,
)
from tests.unit.daemon.certificates import Holder, root

NAME = "spiffe://example/app"


@pytest.fixture
def town() -> Iterator[Scene]:
    with scene("signer", "auditor") as made:
        tls.prepare(made.daemon.folder)
        made.start(listener=tls.LISTENER)
        settle(made, "sm2", "ec")
        made.admit(NAME, access.ROLE_SIGNER, credential=access.CREDENTIAL_URI)
        made.grant(NAME, "*")
        yield made
        made.forget()


@pytest.fixture
def holder() -> Holder:
    return root().issue(x509.UniformResourceIdentifier(NAME))


def test_both_kinds_are_signed(town: Scene, holder: Holder, openssl: Openssl) -> None:
    with tls.connect(town, "app", holder) as caller:
        stream = Stream(caller.channel)
        stream.send(*(sign(n, ("sm2", "ec")[n % 2]) for n in range(100)))
        stream.end()
        results = stream.rest()
        assert reasons(results) == dict.fromkeys(range(100), "OK")
        for n in (0, 1):
            signature = results[n].response.signature
            assert openssl.accepts(("sm2", "ec")[n], str(n).encode(), signature)
        data = bytes(3_000_000)
        signed = document(caller.channel, [start("sm2"), *chunks(data), end()])
        assert openssl.accepts("sm2", data, signed.response.signature)


def test_a_certificate_that_is_revoked_ends_an_open_stream(town: Scene, holder: Holder) -> None:
    with tls.connect(town, "app", holder) as caller:
        stream = Stream(caller.channel)
        stream.send(sign(1))
        assert reasons(stream.read(1)) == {1: "OK"}
        tls.publish(town.daemon.folder, holder.certificate)
        with pytest.raises(grpc.RpcError):  # the file is looked at every second or so
            for reference in range(2, 10_000):
                stream.send(sign(reference))
                assert reasons(stream.read(1)) == {reference: "OK"}
        _, info = stream.failure()
        assert info.reason == "CERTIFICATE_REVOKED"
