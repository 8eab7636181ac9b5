"""Addresses of TCP listeners."""

import pytest

from signetd.daemon.config import TcpAddress


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("0.0.0.0:7443", "0.0.0.0", 7443, "0.0.0.0:7443"),  # noqa: S104
        ("127.0.0.1:0", "127.0.0.1", 0, "127.0.0.1:0"),
        ("[::]:65535", "::", 65535, "[::]:65535"),
        ("[FE80::0:1%eth0]:1", "fe80::1%eth0", 1, "[fe80::1%eth0]:1"),
        ("localhost:1", "localhost", 1, "localhost:1"),
        ("Sign-1.Example.com:1", "sign-1.example.com", 1, "sign-1.example.com:1"),
    ],
)
def test_an_address_is_read_and_shown(text: str, host: str, port: int, shown: str) -> None:
    address = TcpAddress.parse(text)
    assert (address.host, address.port, str(address)) == (host, port, shown)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be host:port"),
        ("7443", "must be host:port"),
        (":7443", "must be host:port"),
        ("localhost:", "must be host:port"),
        ("localhost:x", "must end in a port from 0 to 65535"),
        ("localhost:-1", "must end in a port"),
        ("localhost:65536", "must end in a port"),
        ("localhost:٣", "must end in a port"),
        ("localhost:1\n", "must end in a port"),
        ("::1:7443", "must have its IPv6 address in brackets"),
        ("[]:1", "must have an IPv6 address between the brackets"),
        ("[127.0.0.1]:1", "must have an IPv6 address between the brackets"),
        ("300.1.1.1:1", "must begin with an IP address or a host name"),
        ("127.1:1", "must begin with an IP address or a host name"),
        ("a..b:1", "must begin with an IP address or a host name"),
        ("-a:1", "must begin with an IP address or a host name"),
        ("a b:1", "must begin with an IP address or a host name"),
        ("a" * 64 + ":1", "must begin with an IP address or a host name"),
        ("a." * 127 + "a:1", "must begin with an IP address or a host name"),
    ],
)
def test_a_bad_address_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TcpAddress.parse(text)
