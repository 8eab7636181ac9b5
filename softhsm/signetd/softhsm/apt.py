"""Debian packages: installed as root or with sudo, else unpacked into a folder of the user's."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from signetd.softhsm.errors import SoftHsmError

_SECONDS = 300


def run(
    *command: str, folder: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    """Run a command; return what it prints. Raises SoftHsmError with its last words."""
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs, names from this package
            command,
            cwd=folder,
            env=(os.environ | environment) if environment else None,
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


def install(*packages: str) -> None:
    """Install packages as root. Raises SoftHsmError naming the command when we cannot."""
    prefix = as_root()
    if prefix is None or not shutil.which("apt-get"):
        raise SoftHsmError(f"run  sudo apt-get install {' '.join(packages)}")
    get = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    run(*get, "update")
    run(*get, "install", "-y", "--no-install-recommends", *packages)


def unpack(folder: Path, *packages: str) -> None:
    """Download packages and unpack them into *folder*; needs no rights. Raises SoftHsmError."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise SoftHsmError(f"install {' '.join(packages)} with this system's package manager")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        run("apt-get", "-q", "download", *packages, folder=Path(temporary))
        for package in Path(temporary).glob("*.deb"):
            run("dpkg", "-x", str(package), str(folder))
