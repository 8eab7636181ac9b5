"""A real token of one's own, named by its serial number in a file; no other one is touched.

SIGNETD_TOKEN_CONFIG names the file. What it lacks is written there, and tested to be refused.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from signetd.drivers.pkcs11 import profiles
from signetd.drivers.types import Algorithm, KeyType, Pin, TokenSettings
from tests.contract import pooled
from tests.contract.subject import Feature, Lacks, Spot, Subject


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file. ``lacks_features`` has names of Feature.

    ``wrong_pin``: a wrong PIN may be presented, once, before the right one.
    """

    module: str
    serial: Annotated[str, Meta(min_length=1)]
    pin_file: str
    profile: str = "standard"
    profile_file: str = ""
    environment: dict[str, str] = {}
    lacks_key_types: list[KeyType] = []
    lacks_algorithms: list[Algorithm] = []
    lacks_features: list[str] = []
    wrong_pin: bool = False


@contextmanager
def token(file: Path, _: Path) -> Iterator[Subject]:
    """The token that *file* names; nothing is written beside it."""
    config = msgspec.convert(tomllib.loads(file.read_text()), Config)
    text = ""
    profile = config.profile
    if config.profile_file:
        found, text = profiles.read(Path(config.profile_file))
        profile = found.name
    once = "a second one is not asked for, and the suite cannot unplug it"
    unstaged = {Spot.TWIN: once, Spot.REMOVAL: once}
    if not config.wrong_pin:
        unstaged[Spot.WRONG_PIN] = "it would count; the file says  wrong_pin = true  to allow it"
    yield pooled.subject(
        name="own",
        settings=TokenSettings(
            module=config.module,
            serial=config.serial,
            profile=profile,
            profile_text=text,
            environment=config.environment,
        ),
        pin=Pin(Path(config.pin_file).read_text().rstrip("\n")),
        lacks=Lacks(
            key_types=frozenset(config.lacks_key_types),
            algorithms=frozenset(config.lacks_algorithms),
            features=frozenset(Feature[name] for name in config.lacks_features),
            unstaged=unstaged,
        ),
    )
