"""Throw-away tokens ready to be used: a folder with one token, its PINs in files, its module."""

import fcntl
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from signetd.softhsm.build import build_module
from signetd.softhsm.errors import SoftHsmError
from signetd.softhsm.store import TokenStore, random_pin, write_private


@dataclass(frozen=True)
class ProvisionedToken:
    """A token, the module that serves it, and the environment that the module needs.

    The PIN files have mode 0600 and hold the PIN and nothing else.
    """

    label: str
    serial: str
    user_pin_file: Path
    so_pin_file: Path
    module: Path
    environment: dict[str, str]


def provision(
    folder: Path,
    label: str,
    *,
    module: Literal["softhsm", "sm2", "fault"] = "softhsm",
    install: bool = False,
) -> ProvisionedToken:
    """Make a token in *folder*, or return the one that is there; its PINs are random.

    *label* has at most 32 bytes. *module* "sm2" puts the SM2 test module before SoftHSM; "fault"
    puts the fault module before that, with its control file ``faults`` in *folder*. *install*
    installs a missing compiler where we may. Raises SoftHsmError.
    """
    store = TokenStore(folder)
    environment = store.environment()
    path = store.softhsm.module
    if module in ("sm2", "fault"):
        environment["SIGNETD_SM2_MODULE"] = str(path)
        path = build_module("sm2", install=install)
    if module == "fault":
        environment["SIGNETD_FAULT_MODULE"] = str(path)
        environment["SIGNETD_FAULT_FILE"] = str(store.folder / "faults")
        path = build_module("fault", install=install)
    return ProvisionedToken(
        label=label,
        serial=_serial(store, label),
        user_pin_file=_user_pin_file(store),
        so_pin_file=_so_pin_file(store),
        module=path,
        environment=environment,
    )


def _user_pin_file(store: TokenStore) -> Path:
    return store.folder / "user.pin"


def _so_pin_file(store: TokenStore) -> Path:
    return store.folder / "so.pin"


def _serial(store: TokenStore, label: str) -> str:
    """Return the serial number of the folder's token; make the token when it is not there yet.

    The record is written last: what an interrupted run left is completed with the same PINs.
    """
    record_file = store.folder / "token.json"
    with (store.folder / ".provision").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if record_file.exists():
            return _recorded_serial(store, json.loads(record_file.read_text()), label)
        pins = [_pin(_so_pin_file(store)), _pin(_user_pin_file(store))]
        serial = store.init_token(label, *pins)
        write_private(record_file, json.dumps({"label": label, "serial": serial}))
        return serial


def _recorded_serial(store: TokenStore, record: dict[str, str], label: str) -> str:
    if record["label"] != label:
        raise SoftHsmError(f'{store.folder} holds a token "{record["label"]}", not "{label}"')
    if not any(store.tokens.iterdir()):
        raise SoftHsmError(f"the token in {store.folder} is gone; run  rm -r {store.folder}")
    return record["serial"]


def _pin(file: Path) -> str:
    if not file.exists():
        write_private(file, random_pin())
    return file.read_text()
