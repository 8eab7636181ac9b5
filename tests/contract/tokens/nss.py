"""NSS softokn, which wants an initialisation string and has one token in one folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from signetd.drivers.types import Algorithm, KeyType, Pin, TokenSettings
from signetd.softhsm import random_pin
from tests.contract import packages, pooled
from tests.contract.backdoor import Process
from tests.contract.subject import Feature, Lacks, Spot, Subject
from tests.integration.doctor.examined import Examined

LABEL = "NSS Certificate DB"
_SLOT = "2"  # that of the database; a blank one is named by its slot


@contextmanager
def database(folder: Path) -> Iterator[Subject]:
    """A database of NSS, whose user PIN is set with the SO PIN that is empty at first."""
    module = packages.need("libsoftokn3.so")
    pin = random_pin()
    files = {"user.pin": f"{pin}\n", "so.pin": "\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    (folder / "database").mkdir()
    environment = module.environment | {"NSS_CONFIG_DIR": str(folder / "database")}
    options = ["--profile", "nss"]
    token = Examined(
        module.path, environment, folder / "user.pin", folder / "so.pin", options=options
    )
    pins = ("--so-pin-file", str(token.so_pin_file), "--user-pin-file", str(token.user_pin_file))
    done = token.run("init", "--slot", _SLOT, "--new-label", "is ignored", *pins)
    assert done.returncode == 0, done.stderr
    settings = TokenSettings(
        module=str(module.path), label=LABEL, profile="nss", environment=environment
    )
    serial = Process(settings, Pin(pin)).find(settings).serial
    one = "there is one database in a process, and its label is NSS's"
    yield pooled.subject(
        name="nss",
        settings=msgspec.structs.replace(settings, serial=serial),
        pin=Pin(pin),
        lacks=Lacks(
            key_types=frozenset({KeyType.SM2, KeyType.ED25519}),
            algorithms=frozenset({Algorithm.SM2_SM3, Algorithm.ED25519}),
            features=frozenset({Feature.OWN_SERIAL, Feature.LONE_PRIVATE_KEYS, Feature.SAME_ID}),
            unstaged={
                Spot.TWIN: one,
                Spot.REMOVAL: "it goes on with the database that it has open",
            },
        ),
    )
