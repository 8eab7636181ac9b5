"""The fake driver's token."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from signetd.drivers.types import Pin, TokenSettings
from signetd.softhsm import random_pin
from tests.contract import fake
from tests.contract.subject import Feature, Lacks, Spot, Subject

LABEL = "签章 fake"


@contextmanager
def token(folder: Path) -> Iterator[Subject]:
    """A token in memory."""
    pin = Pin(random_pin())
    held = fake.FakeToken(LABEL, "fa4e", pin)

    def twin() -> set[str]:
        held.twins.append("fa4f")
        return {"fa4e", "fa4f"}

    def remove() -> None:
        held.is_there = False

    yield Subject(
        name="fake",
        settings=TokenSettings(module="fake", label=LABEL, serial=held.serial),
        pin=pin,
        open=partial(fake.opened, held),
        backdoor=fake.FakeDoor(held),
        lacks=Lacks(
            key_types=fake.LACKING,
            features=frozenset({Feature.LONE_PRIVATE_KEYS}),
            unstaged={
                Spot.MODULE: "there is no module to put faults before, or for the doctor",
                Spot.RAW_OBJECTS: "it has no objects",
            },
        ),
        twin=twin,
        remove=remove,
    )
