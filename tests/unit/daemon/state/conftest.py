"""What the tests of the state share: registrations to store."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine

from signetd.daemon.keys import KeyOrigin, KeyState, RegisteredKey
from signetd.drivers.types import Algorithm, KeyType, ProtectionLevel
from tests.unit.daemon.state.access_changes import Changes

TOKEN: dict[str, Any] = {"token": "hsm1", "token_label": "印章 signing", "token_serial": "00a1"}


@pytest.fixture
def make_key() -> Callable[..., RegisteredKey]:
    """Makes a registration whose public key follows from its name; fields can be replaced."""

    def make(key_id: str = "seal", **changes: object) -> RegisteredKey:
        key = RegisteredKey(
            id=key_id,
            key_type=KeyType.SM2,
            default_algorithm=Algorithm.SM2_SM3,
            state=KeyState.ENABLED,
            origin=KeyOrigin.ENROLLED,
            version=1,
            **TOKEN,
            cka_id=b"\x00\xff\x80",
            spki=b"public key of " + key_id.encode(),
            protection_level=ProtectionLevel.HARDWARE,
            create_time=datetime(2025, 3, 1, 12, 30, 15, 123456, UTC),
            update_time=datetime(2025, 3, 2, tzinfo=UTC),
        )
        return msgspec.structs.replace(key, **changes)

    return make


@pytest.fixture
def engine(database_engine: Engine) -> Engine:
    """A new database of each kind, up to date."""
    return database_engine


@pytest.fixture
def changes(engine: Engine) -> Changes:
    """Changes of who may do what, in a database where nobody may do anything yet."""
    return Changes(engine)
