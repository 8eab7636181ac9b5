"""Which profile a token of the configuration has: one of the administrator's, or a shipped one."""

import logging
from pathlib import Path
from typing import NamedTuple

from signetd.daemon.config.schema import Config, Token
from signetd.drivers.pkcs11 import profiles

_log = logging.getLogger("signetd.config")


class Chosen(NamedTuple):
    """A token's profile: its name, and its text and file where it is the administrator's."""

    name: str
    text: str = ""
    file: Path | None = None


def chosen(config: Config, token: Token) -> Chosen:
    """Find and read the profile of *token*. Raises SignetError(PROFILE_UNKNOWN)."""
    file = token.profile_file or _in_folder(config.daemon.profiles, token.profile)
    if file is None:
        profiles.load(token.profile)
        return Chosen(token.profile)
    found, text = profiles.read(file)
    return Chosen(found.name, text, file)


def announce(token: Token, found: Chosen) -> None:
    """Say in the log that a profile is the administrator's, and what it takes the place of."""
    if found.file is None:
        return
    place = "in place of the one of this name that comes with signetd"
    said = place if found.name in profiles.names() else "which is the administrator's"
    _log.info(
        'token %s: profile "%s" is read from %s, %s', token.name, found.name, found.file, said
    )


def _in_folder(folder: Path | None, name: str) -> Path | None:
    file = folder / f"{name}.toml" if folder else None
    return file if file and file.exists() else None
