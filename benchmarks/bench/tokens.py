"""Copies of a token with its keys, so that each who signs has one of its own.

SoftHSM keeps a token in files and loses it while another process logs in; what is measured must
not depend on who else does what to the same files.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signetd.softhsm import ProvisionedToken, provision

LABEL: Final = "test"
_PROGRAM_SECONDS: Final = 60


@dataclass(frozen=True)
class Token:
    """A token, and how the processes that load its module are started."""

    made: ProvisionedToken

    @property
    def module(self) -> str:
        """The PKCS#11 library."""
        return str(self.made.module)

    @property
    def pin(self) -> str:
        """The user PIN, of a throw-away token."""
        return self.made.user_pin_file.read_text()

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of a process that loads the module."""
        return os.environ | self.made.environment


def make(folder: Path) -> Token:
    """Make a token in *folder*, or take the one that is there. Raises SoftHsmError."""
    return Token(provision(folder, LABEL, module="sm2", install=True))


def copy(token: Path, folder: Path) -> Token:
    """Copy the folder of a token with all its keys into *folder*, which must not be there."""
    shutil.copytree(token, folder)
    return make(folder)  # SoftHSM's configuration names the folder: it is written anew


def run(command: list[str], token: Token) -> str:
    """Run a program that reads the PIN from its input; return what it prints."""
    done = subprocess.run(
        command,
        input=token.pin + "\n",
        env=token.environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_PROGRAM_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed; its message is above")
    return done.stdout
