"""Tokens for the doctor: SoftHSM in disguise, one that breaks, and NSS."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from signetd.softhsm import provision
from tests.integration.doctor.examined import Examined

Make = Callable[..., Examined]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a token; *environment* lets its module pose as a vendor's."""

    def made(
        module: Literal["softhsm", "sm2", "fault"] = "sm2", label: str = "test", **environment: Any
    ) -> Examined:
        token = provision(tmp_path / "token", label, module=module, install=True)
        variables = token.environment | environment
        return Examined(token.module, variables, token.user_pin_file, token.so_pin_file)

    return made
