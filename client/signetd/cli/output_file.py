"""Writing a result to a file, whole or not at all."""

import os
import sys
import tempfile
from pathlib import Path

from signetd.cli.session import Session


def write(session: Session, path: Path, data: bytes) -> None:
    """Write *data* to *path*, or to stdout for ``-``."""
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or a pipe: to be written to, never replaced
            return
        path = path.resolve()  # a link stays, its target is replaced
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).chmod(0o644)
        os.replace(file.name, path)  # noqa: PTH105  # one call, one meaning: atomic
    except OSError as error:
        session.fail(f"{path} cannot be written: {error.strerror}")
