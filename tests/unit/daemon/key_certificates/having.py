"""Keys with certificates, for the tests of this folder."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from signetd.daemon.keys import RegisteredKey
from signetd.pki import Certificate
from tests.unit.daemon.policy.values import KEY
from tests.unit.pki import forest, holders, making
from tests.unit.pki.forest import Entity

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def leaf(kind: str = "ec", **changes: Any) -> Entity:
    """Issue a certificate, valid from 100 days before NOW until 100 days after."""
    return forest.maker(kind).ca.leaf(**changes)


def until(end: datetime, **changes: Any) -> Entity:
    """Issue a certificate that is valid until *end*."""
    return leaf(life=(NOW - 100 * DAY, end), **changes)


def key(
    *certificates: bytes, spki: bytes = b"", name: str = "seal", **changes: Any
) -> RegisteredKey:
    """Return a registered key that has these certificates."""
    values = {"certificates": certificates, "id": name} | ({"spki": spki} if spki else {})
    return msgspec.structs.replace(KEY, **values, **changes)


def read(*entities: Entity) -> list[Certificate]:
    return [Certificate.read(each.der) for each in entities]


def pems(entities: Sequence[Entity]) -> bytes:
    return b"text before\n".join(each.pem for each in entities)


__all__ = ["DAY", "NOW", "forest", "holders", "key", "leaf", "making", "pems", "read", "until"]
