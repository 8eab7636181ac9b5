"""Endpoints and the PEM files of mutual TLS: what is of no use is named before gRPC is asked."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from signetd.client import Endpoint, InvalidRequest
from signetd.daemon.dev.certificates import ensure_certificates

Pem = tuple[Path, Path, Path]


@pytest.fixture
def pem(tmp_path: Path) -> Pem:
    """A CA, a client's certificate, its private key."""
    ensure_certificates(tmp_path)
    folder = tmp_path / "client"
    return folder / "ca.pem", folder / "client.pem", folder / "client.key"


def test_tcp_takes_mutual_tls() -> None:
    with pytest.raises(InvalidRequest, match="mutual TLS"):
        Endpoint("localhost:7443")


@pytest.mark.parametrize("address", ["nonsense", "host", "host:", "http://h:1", "a:b", "::1:7443"])
def test_an_endpoint_is_a_socket_or_host_and_port(address: str, pem: Pem) -> None:
    with pytest.raises(InvalidRequest, match="neither unix:/path nor host:port"):
        Endpoint(address, *pem)


@pytest.mark.parametrize("address", ["hsm.example:7443", "127.0.0.1:7443", "[::1]:7443"])
def test_host_and_port_are_taken(address: str, pem: Pem) -> None:
    assert Endpoint(address, *pem).credentials()


def test_files_of_no_use_are_named(pem: Pem, tmp_path: Path) -> None:
    ca, certificate, key = pem
    garbage, missing = tmp_path / "garbage", tmp_path / "missing"
    garbage.write_text("garbage")
    for files, words in (
        ((garbage, certificate, key), f"{garbage} holds no certificate"),
        ((ca, garbage, key), f"{garbage} and {key} are not a certificate"),
        ((ca, certificate, garbage), f"{certificate} and {garbage} are not a certificate"),
        ((ca, ca, key), "do not belong together"),
        ((ca, certificate, missing), f"{missing} cannot be read: No such file"),
    ):
        with pytest.raises(InvalidRequest, match=re.escape(words)):
            Endpoint("localhost:7443", *files).credentials()


def test_an_encrypted_key_is_refused_without_asking(pem: Pem, tmp_path: Path) -> None:
    encrypted = tmp_path / "encrypted"
    key = load_pem_private_key(pem[2].read_bytes(), None)
    encryption = BestAvailableEncryption(b"password")
    encrypted.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(InvalidRequest, match="without a password"):
        Endpoint("localhost:7443", pem[0], pem[1], encrypted).credentials()
