"""Throw-away tokens: a folder with its own SoftHSM store, one token, its PINs in files."""

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from signetd.softhsm.build import build_module
from signetd.softhsm.errors import SoftHsmError
from signetd.softhsm.install import ensure_softhsm

_SECONDS = 60


@dataclass(frozen=True)
class ProvisionedToken:
    """A token, the module that serves it, and the environment that the module needs."""

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
    module: Literal["softhsm", "sm2"] = "softhsm",
    install: bool = False,
) -> ProvisionedToken:
    """Make a token in *folder*, or return the one that is there; its PINs are random.

    *label* has at most 32 bytes. *module* "sm2" puts the SM2 test module before SoftHSM.
    Raises SoftHsmError.
    """
    if not 0 < len(label.encode()) <= 32 or "\n" in label:
        raise SoftHsmError("label: a token's label has 1 to 32 bytes, in one line")
    softhsm = ensure_softhsm()
    folder = folder.resolve()
    environment = {"SOFTHSM2_CONF": str(_store(folder))}
    path = softhsm.module
    if module == "sm2":
        environment["SIGNETD_SM2_MODULE"] = str(path)
        path = build_module("sm2", install=install)
    token = _Token(folder, label)
    return ProvisionedToken(
        label=label,
        serial=token.serial(softhsm.module, environment),
        user_pin_file=token.user_pin_file,
        so_pin_file=token.so_pin_file,
        module=path,
        environment=environment,
    )


def _store(folder: Path) -> Path:
    """Make the store and its configuration; return the configuration's path."""
    tokens = folder / "tokens"
    tokens.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = folder / "softhsm2.conf"
    _write(
        configuration,
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = false\n",
    )
    return configuration


def _write(path: Path, text: str) -> None:
    """Write a file that only we can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


class _Token:
    """What a folder knows of its token."""

    def __init__(self, folder: Path, label: str) -> None:
        self._label = label
        self._record = folder / "token.json"
        self.user_pin_file = folder / "user.pin"
        self.so_pin_file = folder / "so.pin"

    def serial(self, module: Path, environment: dict[str, str]) -> str:
        """Return the token's serial number; initialise it when it is not there yet."""
        if self._record.exists():
            record = json.loads(self._record.read_text())
            if record["label"] != self._label:
                raise SoftHsmError(
                    f'{self._record.parent} holds a token "{record["label"]}", not "{self._label}"'
                )
            return str(record["serial"])
        so_pin, user_pin = secrets.token_hex(8), secrets.token_hex(8)
        _write(self.so_pin_file, so_pin)
        _write(self.user_pin_file, user_pin)
        serial = _initialise(module, environment, (self._label, so_pin, user_pin))
        _write(self._record, json.dumps({"label": self._label, "serial": serial}))
        return serial


def _initialise(module: Path, environment: dict[str, str], lines: tuple[str, ...]) -> str:
    command = [sys.executable, "-P", "-m", "signetd.softhsm._init_token", str(module)]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            command,
            input="\n".join(lines) + "\n",
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SoftHsmError(f"SoftHSM did not initialise a token in {_SECONDS} seconds") from error
    if done.returncode:
        raise SoftHsmError(f"SoftHSM did not initialise the token: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
