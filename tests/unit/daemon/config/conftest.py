"""What the tests of the configuration share: a small valid file and a way to read its problems."""

from collections.abc import Callable
from pathlib import Path

import pytest

from signetd.daemon.config import Config, ConfigError, load_text

FOLDER = Path("/etc/signetd")

MINIMAL = """\
[daemon]
state_directory = "state"

[[listener]]
unix = "signetd.sock"
identity = "local-app"

[access]
first_security_admin = "local-app"
administrator_approvals = 1

[[token]]
name = "hsm1"
module = "module.so"
label = "signing"
"""


@pytest.fixture
def minimal() -> str:
    """The text of a configuration with one of everything and no problem."""
    return MINIMAL


@pytest.fixture
def read() -> Callable[[str], Config]:
    """Reads a text as if it were /etc/signetd/f.toml."""
    return lambda text: load_text(text, FOLDER, "f.toml")


@pytest.fixture
def problems(read: Callable[[str], Config]) -> Callable[[str], list[str]]:
    """The lines of the ConfigError that a text causes; none when it is accepted."""

    def collect(text: str) -> list[str]:
        try:
            read(text)
        except ConfigError as error:
            return str(error).splitlines()
        return []

    return collect
