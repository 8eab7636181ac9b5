"""How this daemon shows itself to authorities, and knows their servers: read from files."""

import base64
import ssl
from dataclasses import dataclass, field
from typing import Final

from signetd.daemon.config import SecretTextError, Timestamps, exposure, read_secret_text
from signetd.daemon.timestamps.errors import AttemptError

_MAX_PASSWORD_BYTES: Final = 1024


@dataclass(frozen=True)
class Access:
    """What a connection needs: TLS for https, and the value of the header Authorization or ""."""

    context: ssl.SSLContext | None
    authorization: str = field(default="", repr=False)


class AccessReader:
    """Reads what the configuration names; the password each time, TLS when a file has changed."""

    def __init__(self, config: Timestamps) -> None:
        self._config = config
        self._known: tuple[object, ssl.SSLContext] | None = None

    def read(self, secure: bool) -> Access:
        """Return what an authority with https or without is asked with. Blocks.

        Raises AttemptError for files that cannot be used; nothing of a password is in it.
        """
        if not secure:
            return Access(None)
        try:
            return Access(self._tls(), self._authorization())
        except SecretTextError as error:
            raise AttemptError(str(error).rstrip(".")) from None
        except OSError as error:  # SSLError is one
            reason = getattr(error, "reason", "") or error.strerror or "malformed"
            raise AttemptError(
                f"server_ca, client_certificate or client_key cannot be used ({reason})"
            ) from None

    def _authorization(self) -> str:
        config = self._config
        if config.user is None or config.password_file is None:
            return ""
        password = read_secret_text(config.password_file, "password", _MAX_PASSWORD_BYTES)
        pair = f"{config.user}:{password}".encode()  # UTF-8, as RFC 7617, 2.1 recommends
        return f"Basic {base64.b64encode(pair).decode()}"

    def _tls(self) -> ssl.SSLContext:
        config = self._config
        files = (config.server_ca, config.client_certificate, config.client_key)
        state = tuple(each and each.stat().st_mtime_ns for each in files)
        known = self._known
        if known is None or known[0] != state:
            # Loading the system's authorities takes 20 ms.
            known = self._known = (state, self._made())
        return known[1]

    def _made(self) -> ssl.SSLContext:
        config = self._config
        context = ssl.create_default_context(cafile=config.server_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if config.client_certificate is not None and config.client_key is not None:
            exposed = exposure(config.client_key)
            if exposed:
                raise AttemptError(f"the client_key {config.client_key} {exposed}")
            # An encrypted key would make OpenSSL ask at a terminal.
            context.load_cert_chain(config.client_certificate, config.client_key, lambda: b"")
        return context
