"""The password of the database, from a file that is closed to others."""

from pathlib import Path
from typing import Final

from signetd.daemon.config import SecretTextError, read_secret_text
from signetd.daemon.state.errors import StateError

_MAX_BYTES: Final = 1024


def read_password(path: Path) -> str:
    """Return the text of a file without one closing line end.

    Raises StateError when it cannot be read, is open to others, or holds nothing or too much.
    """
    try:
        return read_secret_text(path, "password", _MAX_BYTES)
    except SecretTextError as error:
        raise StateError(str(error)) from None
