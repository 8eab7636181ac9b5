"""The modules of other makers: found on this machine, or unpacked into a folder of the user's.

``python -m tests.contract.packages`` has them all ready; ``make test-tokens`` calls it. They are
unpacked even where we could install them: Debian would start a service or bring udev up to date.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from signetd.softhsm import SoftHsmError, apt, cache

_PACKAGES = {
    "libsoftokn3.so": ("libnss3", "libnspr4", "libsqlite3-0"),
    "libtpm2_pkcs11.so.1": (
        *("libtpm2-pkcs11-1", "libtss2-esys-3.0.2-0", "libtss2-mu0", "libtss2-rc0"),
        *("libtss2-sys1", "libtss2-tctildr0", "libtss2-tcti-tabrmd0", "libyaml-0-2"),
        *("libsqlite3-0",),
    ),
    "swtpm": ("swtpm", "swtpm-libs", "libtpms0", "libjson-glib-1.0-0", "libseccomp2"),
    "tpm2-abrmd": (
        *("tpm2-abrmd", "libtss2-tcti-swtpm0", "libtss2-tcti-cmd0", "libtss2-tcti-device0"),
        *("libtss2-tctildr0", "libtss2-sys1", "libtss2-mu0", "libtss2-rc0", "libglib2.0-0"),
        "libffi8",
    ),
    "dbus-daemon": ("dbus-daemon", "libdbus-1-3", "libapparmor1", "libexpat1"),
    "p11-kit-client.so": ("p11-kit-modules", "libp11-kit0", "libffi8"),
    "p11-kit-server": ("p11-kit", "libp11-kit0", "libtasn1-6"),
}
_LIBRARIES = ("libtss2-tcti-tabrmd.so.0", "libtss2-tcti-swtpm.so.0")
_FOLDERS = (
    *("usr/lib", "usr/lib/*-linux-*", "usr/lib/*-linux-*/pkcs11", "usr/lib/*-linux-*/nss"),
    *("usr/lib/*-linux-*/swtpm", "usr/lib64", "usr/lib64/pkcs11", "usr/libexec/p11-kit"),
    *("usr/lib/p11-kit", "lib/*-linux-*", "usr/bin", "usr/sbin"),
)


@dataclass(frozen=True)
class Part:
    """A program or module, and what a process needs that runs or loads it."""

    path: Path
    environment: dict[str, str]


def find(name: str) -> Part | None:
    """Find a program or module by its file name: in the system, else among what was unpacked."""
    found = next(_places(Path("/"), name), None)
    if found is not None:
        return Part(found, {})
    if not (cache.base() / "tokens").exists():
        return None
    root = cache.folder("tokens")
    found = next(_places(root, name), None)
    return Part(found, {"LD_LIBRARY_PATH": _library_path(root)}) if found else None


def _places(root: Path, name: str) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from (path for path in sorted(root.glob(f"{folder}/{name}")) if path.is_file())


def _library_path(root: Path) -> str:
    """Where the unpacked libraries are; what the system has is not searched for there."""
    folders = {str(file.parent) for file in root.glob("usr/lib/*-linux-*/**/lib*.so*")}
    folders |= {str(file.parent) for file in root.glob("lib/*-linux-*/lib*.so*")}
    inherited = os.environ.get("LD_LIBRARY_PATH")
    return ":".join([*sorted(folders), *([inherited] if inherited else [])])


def need(name: str) -> Part:
    """Find a part for a test, which downloads nothing. Raises SoftHsmError with the way out."""
    found = find(name)
    if found is None:
        raise SoftHsmError(f"{name} is missing; {apt.advice(_PACKAGES[name][0])}")
    return found


def get(name: str) -> Part:
    """Find a part, or unpack it. Raises SoftHsmError with the command that installs it."""
    found = find(name)
    if found is None:
        missing = [p for p in _PACKAGES[name] if p == _PACKAGES[name][0] or not _installed(p)]
        try:
            apt.unpack(cache.folder("tokens"), *missing)
        except SoftHsmError as error:
            why = f"{name} is missing; {apt.advice(_PACKAGES[name][0])} ({error})"
            raise SoftHsmError(why) from error
        found = find(name)
    if found is None:
        raise SoftHsmError(f"{name} is not found; {apt.advice(_PACKAGES[name][0])}")
    return found


def _installed(package: str) -> bool:
    """Whether the system has a package: its own libraries are not brought in a second time."""
    if not shutil.which("dpkg-query"):
        return False
    try:
        state = apt.run("dpkg-query", "-W", "-f", "${db:Status-Status}", package)
    except SoftHsmError:
        return False
    return state == "installed"


def main() -> None:
    """Have everything ready, and say where it is or what is missing."""
    missing: list[str] = []
    for name in _PACKAGES:
        try:
            # Once one cannot be had, the others are not tried: without a network that takes long.
            found = find(name) if missing else get(name)
        except SoftHsmError as error:
            print(f"{name}: {error}", file=sys.stderr)
            found = None
        if found is None:
            missing.append(_PACKAGES[name][0])
        else:
            print(f"{name}: {found.path}")
    if missing:
        sys.exit(f"the tests of some tokens need what is not here; {apt.advice(*missing)}")


if __name__ == "__main__":
    main()
