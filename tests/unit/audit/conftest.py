"""Exports that the tests share: made once, since nobody changes them."""

import asyncio

import pytest

from tests.unit.audit.exports import make_export, use
from tests.unit.audit.signers import SoftSigner


class Export:
    """An export, its lines without their newlines, and the key that signed it."""

    def __init__(self, data: bytes, signer: SoftSigner) -> None:
        self.data, self.signer, self.spki = data, signer, signer.spki
        self.lines = data.split(b"\n")[:-1]


@pytest.fixture(scope="session")
def small() -> Export:
    """As few lines as have everything in them."""
    signer = SoftSigner()
    entries = [use(), use(denied="no grant"), use()]
    return Export(asyncio.run(make_export(entries, signer)), signer)


@pytest.fixture(scope="session")
def large() -> Export:
    """Some dozens of records, of several keys."""
    signer = SoftSigner()
    entries = [use(f"key-{number % 3}") for number in range(40)]
    return Export(asyncio.run(make_export(entries, signer)), signer)


@pytest.fixture(scope="session")
def unsigned() -> Export:
    """One of a daemon that has no audit key."""
    signer = SoftSigner()
    signer.off = True
    return Export(asyncio.run(make_export([use(), use()], signer)), signer)
