"""The address of a PostgreSQL server, read from `postgresql://user@host/database?option=value`."""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_EXAMPLE: Final = '"postgresql://signetd@/signetd?host=/var/run/postgresql"'
_SCHEMES: Final = ("postgresql", "postgres")
_SECRETS: Final = frozenset({"password", "passfile", "sslpassword"})
_OPTIONS: Final = frozenset(
    {
        "channel_binding",
        "gssencmode",
        "host",
        "krbsrvname",
        "port",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
_LAST_PORT: Final = 65535


@dataclass(frozen=True)
class PostgresUrl:
    """A database on a server, and never a password. `str()` gives `host/database`, for messages.

    `host` begins with / when it is the folder of the server's Unix socket; like `port` ("" for
    5432) it may be a list with commas. `options` are further
    parameters of libpq.
    """

    user: str
    host: str
    port: str
    database: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL; raises ValueError with a sentence that never shows the text."""
        try:
            parts = urlsplit(text)
            port = "" if parts.port is None else str(parts.port)
        except ValueError:
            raise ValueError(f"must be an address such as {_EXAMPLE}") from None
        _refuse(parts, text)
        options = _options(parts.query)
        host = options.pop("host", "") or unquote(parts.hostname or "")
        url = cls(
            user=unquote(parts.username or ""),
            host=host,
            port=options.pop("port", "") or port,
            database=unquote(parts.path.removeprefix("/")),
            options=tuple(options.items()),
        )
        url._check()
        return url

    @property
    def is_local(self) -> bool:
        """Whether every host is the folder of a Unix socket: no network lies between."""
        return all(host.startswith("/") for host in self.host.split(","))

    def __str__(self) -> str:
        return f"{self.host}/{self.database}"

    def _check(self) -> None:
        if not self.user or not self.database:
            raise ValueError(f"must name a user and a database: {_EXAMPLE}")
        if not self.host:
            raise ValueError(f"must name the server, or the folder of its socket: {_EXAMPLE}")
        for port in self.port.split(",") if self.port else []:
            if not (port.isascii() and port.isdecimal() and 0 < int(port) <= _LAST_PORT):
                raise ValueError(f"must have a port from 1 to {_LAST_PORT}")


def _refuse(parts: SplitResult, text: str) -> None:
    """Refuse a password first of all, so that no other message is about one."""
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.password is not None or names & _SECRETS:
        raise ValueError(
            "must not contain a password: put it in a file with mode 0600 and name that file "
            "with password_file"
        )
    if not text.isprintable() or "\0" in unquote(text):
        raise ValueError("must not contain control characters")
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"must begin with postgresql:// as in {_EXAMPLE}")
    if parts.fragment:
        raise ValueError("must not contain #; write %23 for it")


def _options(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise ValueError(f"may only have the options {', '.join(sorted(_OPTIONS))}")
        if name in found:
            raise ValueError(f"has the option {name} twice")
        found[name] = value
    return found
