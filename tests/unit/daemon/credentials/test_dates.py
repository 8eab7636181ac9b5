"""The dates of a certificate count in every call, not only when a connection is made."""

from datetime import timedelta

import pytest
from cryptography import x509

from signetd.daemon.credentials import CertificateIdentity
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.certificates import CLIENT, DAY, NOW, root
from tests.unit.daemon.credentials.conftest import HandClock

SECOND = timedelta(seconds=1)


def test_a_certificate_counts_from_its_first_second_to_its_last(clock: HandClock) -> None:
    source = CertificateIdentity(clock=clock)
    context = {"x509_pem_cert": [root().issue(CLIENT, life=(NOW, NOW + DAY)).pem]}
    for clock.now in (NOW, NOW + DAY):
        assert source.present(context).name == CLIENT.value


@pytest.mark.parametrize(
    ("seconds", "says"), [(-1, "counts from {0} on"), (86401, "has expired: it counted until {1}")]
)
def test_before_and_after_it_does_not(clock: HandClock, seconds: int, says: str) -> None:
    source = CertificateIdentity(clock=clock)
    context = {"x509_pem_cert": [root().issue(CLIENT, life=(NOW, NOW + DAY)).pem]}
    source.present(context)
    clock.now = NOW + seconds * SECOND
    with pytest.raises(SignetError) as caught:
        source.present(context)
    assert caught.value.reason is Reason.CERTIFICATE_EXPIRED
    dates = [f"{date:%Y-%m-%d %H:%M:%S} UTC" for date in (NOW, NOW + DAY)]
    assert says.format(*dates) in caught.value.message
    clock.now = NOW
    source.present(context)


def test_a_certificate_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = CertificateIdentity()
    pem = root().issue(CLIENT).pem
    first = source.present({"x509_pem_cert": [pem]})

    def refuse(content: bytes) -> x509.Certificate:
        raise AssertionError("it was read before: a call must find it in the cache")

    monkeypatch.setattr(x509, "load_pem_x509_certificate", refuse)
    assert source.present({"x509_pem_cert": [bytes(bytearray(pem))]}) is first
