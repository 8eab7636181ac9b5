"""The address of a time-stamping authority, read from `https://host/path`."""

import re
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import SplitResult, parse_qsl, urlsplit

from signetd.daemon.config.address import TcpAddress

_EXAMPLE: Final = '"https://tsa.example/tsa"'
_PORTS: Final = {"http": 80, "https": 443}
_SECRETS: Final = frozenset({"apikey", "api_key", "key", "password", "passwd", "secret", "token"})
_MOST: Final = 2048
_CLEAN: Final = re.compile(r"[!-~]*")


@dataclass(frozen=True)
class TsaUrl:
    """Where an authority answers, and never a secret. `str()` leaves the query out, for messages.

    `target` is the path, with the query if there is one.
    """

    secure: bool
    host: str
    port: int
    target: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL; raises ValueError with a sentence that never shows the text."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValueError(f"must have addresses such as {_EXAMPLE}") from None
        _refuse(parts, text)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme == "https", *_place(parts, port), target)

    def __str__(self) -> str:
        scheme = "https" if self.secure else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[scheme] else f":{self.port}"
        return f"{scheme}://{host}{port}{self.target.partition('?')[0]}"


def _place(parts: SplitResult, port: int | None) -> tuple[str, int]:
    host = parts.hostname or ""
    if port != 0:
        try:
            used = port or _PORTS[parts.scheme]
            address = TcpAddress.parse(f"[{host}]:{used}" if ":" in host else f"{host}:{used}")
            return address.host, address.port
        except ValueError:
            pass  # told in words of its own: it is a part of an address here
    raise ValueError(f"must name a host, and a port from 1 to 65535 if any: {_EXAMPLE}")


def _refuse(parts: SplitResult, text: str) -> None:
    """Refuse secrets first of all, so that no other message is about one."""
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.username is not None or parts.password is not None or names & _SECRETS:
        raise ValueError(
            "must not contain a user, a password or a key: write user, and put the password in a "
            "file with mode 0600 and name that file with password_file"
        )
    if len(text) > _MOST or not _CLEAN.fullmatch(text):
        raise ValueError(f"must be of at most {_MOST} ASCII characters, without blanks")
    if parts.scheme not in _PORTS:
        raise ValueError(f"must begin with https:// or http:// as in {_EXAMPLE}")
    if parts.fragment:
        raise ValueError("must not contain #")
