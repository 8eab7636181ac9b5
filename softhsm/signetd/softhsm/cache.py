"""The folder in which this package keeps what it installs and builds."""

import os
import stat
from pathlib import Path

from signetd.softhsm.errors import SoftHsmError


def base() -> Path:
    """Return the cache's own folder: $XDG_CACHE_HOME/signetd, by default ~/.cache/signetd."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification wants a relative path to be ignored.
    root = Path(named) if named.startswith("/") else Path.home() / ".cache"
    return root / "signetd"


def folder(name: str) -> Path:
    """Make and return a folder of the cache: ours, mode 0700. Raises SoftHsmError.

    The folders above it in the cache are checked too: who can rename one chooses the code we load.
    """
    path = base()
    try:
        _make(path)
        for part in Path(name).parts:
            path /= part
            _make(path)
    except OSError as error:
        raise SoftHsmError(
            f"the cache folder {path} cannot be made: {error.strerror}; set XDG_CACHE_HOME to a "
            "folder that you own"
        ) from error
    return path


def _make(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = path.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
        raise SoftHsmError(
            f"{path} belongs to somebody else or can be written by others, and code is loaded "
            f"from it; run  rm -r {path}"
        )
