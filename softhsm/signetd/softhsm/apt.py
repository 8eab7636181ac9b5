"""Debian packages: installed as root or with sudo, else unpacked into a folder of the user's."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from signetd.softhsm.errors import SoftHsmError

_SECONDS = 300
_GET = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120")


def run(
    *command: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command; return what it prints. Raises SoftHsmError with its last words."""
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs, names from this package
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SoftHsmError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise SoftHsmError(f"{' '.join(command)} failed: {said}")
    return done.stdout


def as_root() -> list[str] | None:
    """Return the prefix of a command that is run as root; None when we cannot be root."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        try:
            run("sudo", "-n", "true")
        except SoftHsmError:
            return None
        return ["sudo", "-n"]
    return None


def can_install() -> bool:
    """Tell whether packages can be installed into the system."""
    return shutil.which("apt-get") is not None and as_root() is not None


def advice(*packages: str) -> str:
    """Return the command that an administrator runs to install Debian's *packages*."""
    if shutil.which("apt-get"):
        return f"run  sudo apt-get install {' '.join(packages)}"
    return f"install {' '.join(packages)} (Debian's names) with this system's package manager"


def install(*packages: str) -> None:
    """Install packages as root. Raises SoftHsmError naming the command when we cannot."""
    prefix = as_root()
    if prefix is None or not shutil.which("apt-get"):
        raise SoftHsmError(advice(*packages))
    get = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *_GET]
    command = [*get, "install", "-y", "--no-install-recommends", *packages]
    try:
        run(*command)
    except SoftHsmError:  # a fresh machine has no package lists, an old one stale ones
        run(*get, "update")
        run(*command)


def unpack(folder: Path, *packages: str) -> None:
    """Download packages and unpack them into *folder*; needs no rights. Raises SoftHsmError."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise SoftHsmError(advice(*packages))
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        here = Path(temporary)
        try:
            run(*_GET, "download", *packages, folder=here)
        except SoftHsmError:
            private = _private_lists(here)
            run(*_GET, *private, "update", folder=here)
            run(*_GET, *private, "download", *packages, folder=here)
        for package in here.glob("*.deb"):
            run("dpkg", "-x", str(package), str(folder))


def _private_lists(folder: Path) -> list[str]:
    """Return the options that make apt keep its lists in *folder*: the system's need root."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    return [
        *("-o", f"Dir::State::lists={folder / 'lists'}"),
        *("-o", f"Dir::Cache={folder / 'cache'}"),
    ]


def dependencies(package: str) -> list[str]:
    """Name the packages that *package* directly depends on. Raises SoftHsmError."""
    text = run("apt-cache", "depends", "--important", package)
    lines = (line.strip() for line in text.splitlines())
    names = [line.removeprefix("Depends: ") for line in lines if line.startswith("Depends: ")]
    return [name for name in names if not name.startswith("<")]  # <virtual>
