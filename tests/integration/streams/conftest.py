"""Daemons for the tests of streams."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import resources_pb2 as resources
from tests.integration.attack.scene import Scene, scene
from tests.integration.streams.talk import Openssl

KEYS = {
    "sm2": resources.KEY_TYPE_SM2,
    "ec": resources.KEY_TYPE_EC_P256,
    "rsa": resources.KEY_TYPE_RSA_2048,
}


def settle(made: Scene, *names: str) -> None:
    """Make the keys *names*, and a signer with a grant for all, and an auditor."""
    made.key("audit", resources.KEY_PURPOSE_AUDIT)
    for name in names:
        made.key(name, key_type=KEYS[name])
    made.admit("signer", access.ROLE_SIGNER)
    made.admit("auditor", access.ROLE_AUDITOR)
    made.grant("signer", "*")


@pytest.fixture(scope="module")
def town() -> Iterator[Scene]:
    """A daemon with a key of each kind; what a test changes here, it makes for itself."""
    with scene("signer", "auditor", "voter") as made:
        made.start()
        settle(made, *KEYS)
        yield made


@pytest.fixture
def fresh() -> Iterator[Callable[..., Scene]]:
    """Starts a daemon of the test's own, with the key "ec" and such options."""
    with scene("signer", "auditor") as made:

        def start(**options: Any) -> Scene:
            made.start(**options)
            settle(made, "ec")
            return made

        yield start
        made.forget()


@pytest.fixture
def openssl(town: Scene, tmp_path: Path) -> Openssl:
    """Verifies with the keys of the town."""
    return Openssl(town, tmp_path)
