"""The folder in which this package keeps what it installs and builds."""

import os
import stat
from pathlib import Path

from signetd.softhsm.errors import SoftHsmError


def folder(name: str) -> Path:
    """Make and return a folder of the cache: ours, mode 0700. Raises SoftHsmError."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(base) / "signetd" / name
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = path.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
        raise SoftHsmError(
            f"{path} belongs to somebody else or can be written by others, and code is loaded "
            f"from it; run  rm -r {path}"
        )
    return path
