"""Finding SoftHSM, or installing it: by apt as root, else unpacked into the cache."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from signetd.softhsm import apt, cache
from signetd.softhsm.errors import SoftHsmError

_VARIABLE = "SIGNETD_SOFTHSM_MODULE"
_NAME = "libsofthsm2.so"

SYSTEM_PLACES: tuple[Path, ...] = (
    Path("/usr/lib/softhsm", _NAME),
    Path("/usr/lib/x86_64-linux-gnu/softhsm", _NAME),
    Path("/usr/lib/aarch64-linux-gnu/softhsm", _NAME),
    Path("/usr/lib64/pkcs11", _NAME),
    Path("/usr/lib64/softhsm", _NAME),
    Path("/usr/local/lib/softhsm", _NAME),
    Path("/opt/homebrew/lib/softhsm", _NAME),
)


@dataclass(frozen=True)
class SoftHsm:
    """Where SoftHSM is.

    ``module`` is the PKCS#11 library, ``util`` the softhsm2-util command if there is one, and
    ``environment`` what a process that loads the module needs; it is nearly always empty.
    """

    module: Path
    util: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def find_softhsm(places: Sequence[Path] = SYSTEM_PLACES) -> SoftHsm | None:
    """Look for SoftHSM: SIGNETD_SOFTHSM_MODULE and only there, else *places*, then the cache.

    Raises SoftHsmError when SIGNETD_SOFTHSM_MODULE names no file.
    """
    named = os.environ.get(_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise SoftHsmError(f"{_VARIABLE}: there is no file {named}; correct or unset it")
        return _in_system(Path(named).absolute())
    found = next((place for place in places if place.is_file()), None)
    return _in_system(found) if found else _in_cache()


def _in_system(module: Path) -> SoftHsm:
    util = shutil.which("softhsm2-util")
    return SoftHsm(module, Path(util) if util else None)


def _in_cache() -> SoftHsm | None:
    if not (cache.base() / "softhsm").exists():
        return None
    root = cache.folder("softhsm")
    module = next(iter(sorted(root.glob(f"usr/lib/*/softhsm/{_NAME}"))), None)
    if module is None:
        return None
    util = root / "usr/bin/softhsm2-util"
    environment: dict[str, str] = {}
    if _missing_libraries(module, {}):
        environment["LD_LIBRARY_PATH"] = _library_path(root)
        if _missing_libraries(module, environment):
            return None
    return SoftHsm(module, util if util.is_file() else None, MappingProxyType(environment))


def _library_path(root: Path) -> str:
    """Return a search path of the unpacked libraries, the caller's own path after them."""
    folders = {str(file.parent) for file in root.glob("*/lib/*/*.so.*")}
    folders |= {str(file.parent) for file in root.glob("lib/*/*.so.*")}
    inherited = os.environ.get("LD_LIBRARY_PATH")
    return ":".join([*sorted(folders), *([inherited] if inherited else [])])


def _missing_libraries(module: Path, environment: Mapping[str, str]) -> bool:
    if not shutil.which("ldd"):
        return False
    return "not found" in apt.run("ldd", str(module), environment=environment)


def ensure_softhsm(places: Sequence[Path] = SYSTEM_PLACES) -> SoftHsm:
    """Find SoftHSM or install it. Raises SoftHsmError naming the command that helps."""
    found = find_softhsm(places)
    if found is None and apt.can_install():
        apt.install("softhsm2")
        found = find_softhsm(places)
    if found is None:
        _unpack()
        found = find_softhsm(places)
    if found is None:
        raise SoftHsmError(f"SoftHSM is not found; {apt.advice('softhsm2')}")
    return found


def _unpack() -> None:
    """Put SoftHSM into the cache, with the libraries that it needs and the system lacks."""
    root = cache.folder("softhsm")
    try:
        apt.unpack(root, "libsofthsm2", "softhsm2-common", "softhsm2")
        module = next(iter(root.glob(f"usr/lib/*/softhsm/{_NAME}")), None)
        if module is not None and _missing_libraries(module, {}):
            needed = [name for name in apt.dependencies("libsofthsm2") if name != "libc6"]
            apt.unpack(root, *needed)
    except SoftHsmError as error:
        raise SoftHsmError(f"SoftHSM is missing; {apt.advice('softhsm2')} ({error})") from error
