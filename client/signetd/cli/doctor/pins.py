"""PINs for commands: from a file that is its owner's alone, or from a prompt."""

import os
import stat
from pathlib import Path

import typer

from signetd.cli.session import Session


def read(session: Session, path: Path) -> str:
    """Read a PIN, the file's first line; what is wrong with the file ends the command."""
    try:
        with path.open() as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                session.fail(f"{path} can be read by others; run  chmod 600 {path}")
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        session.fail(f"{path} cannot be read as a file with a PIN")
        raise


def get(session: Session, path: Path | None, prompt: str, *, is_new: bool = False) -> str:
    """Read a PIN from its file, or else ask for it; a new one is asked for twice."""
    if path is not None:
        return read(session, path)
    pin: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=is_new)
    return pin
