"""Short ways to write seals, for tests."""

from typing import Any

import msgspec

from signetd.daemon.seals.types import (
    Owner,
    RegisteredSeal,
    SealKind,
    SealOrigin,
    SealPicture,
    SealState,
)
from signetd.seal import Format
from tests.unit.daemon.seals.samples import CODE, DAY, NOW, png

_SEAL = RegisteredSeal(
    id="company",
    state=SealState.APPLIED,
    kind=SealKind.LEGAL_NAME,
    origin=SealOrigin.MADE,
    title="测试有限公司",
    owner=Owner(name="测试有限公司", code=CODE),
    format=Format.V4,
    picture=SealPicture(kind="PNG", data=png(), width=40, height=40),
    valid_from=NOW - DAY,
    valid_until=NOW + 100 * DAY,
    signing_key="sealing",
    certificates=(b"\x30\x01\x01", b"\x30\x01\x02"),
    applicant="applicant",
    create_time=NOW,
    update_time=NOW,
)


def seal(seal: str = "company", **changes: Any) -> RegisteredSeal:
    """Return a seal that is applied for, with changes."""
    return msgspec.structs.replace(_SEAL, id=seal, **changes)
