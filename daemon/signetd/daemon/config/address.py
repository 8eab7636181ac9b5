"""The address of a TCP listener, read from `host:port`."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*", re.IGNORECASE)
_LAST_LABEL = re.compile(r"(?![0-9]+\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", re.IGNORECASE)
_LAST_PORT = 65535


@dataclass(frozen=True)
class TcpAddress:
    """Where to listen: a host name or IP address without brackets, and a port from 0 to 65535
    (0 lets the system choose a free one). `str()` gives `host:port`, IPv6 in brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port`; raises ValueError with a sentence about what is wrong."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port:
            raise ValueError('must be host:port, such as "0.0.0.0:7443" for every IPv4 address')
        return cls(_host(host), _port(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > _LAST_PORT:
        raise ValueError(f"must end in a port from 0 to {_LAST_PORT} (0 takes any free port)")
    return int(text)


def _host(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    if ":" in text:
        raise ValueError('must have its IPv6 address in brackets, such as "[::1]:7443"')
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return _name(text)


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise ValueError("must have an IPv6 address between the brackets") from None


def _name(text: str) -> str:
    domain = _HOST_NAME.match(text)
    # A last label of digits only is a mistyped IPv4 address; no host name ends so (RFC 3696 2).
    if domain is None or not _LAST_LABEL.match(text, domain.end()):
        raise ValueError("must begin with an IP address or a host name of letters, digits, - and .")
    return text.lower()
