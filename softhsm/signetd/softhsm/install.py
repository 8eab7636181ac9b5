"""Finding SoftHSM, or installing it: by apt as root, else unpacked into the cache."""

import os
from dataclasses import dataclass
from pathlib import Path

from signetd.softhsm import apt, cache
from signetd.softhsm.errors import SoftHsmError

_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class SoftHsm:
    """Where SoftHSM's module is."""

    module: Path


def find_softhsm() -> SoftHsm | None:
    """Look for SoftHSM: SIGNETD_SOFTHSM_MODULE (a path; only there), the system, the cache."""
    named = os.environ.get("SIGNETD_SOFTHSM_MODULE")
    places = [Path(named)] if named else [Path(place) for place in _PLACES]
    if not named or not places[0].is_absolute():
        places += sorted(cache.folder("softhsm").glob("usr/lib/**/libsofthsm2.so"))
    return next((SoftHsm(place) for place in places if place.is_file()), None)


def ensure_softhsm() -> SoftHsm:
    """Find SoftHSM or install it. Raises SoftHsmError naming the command that helps."""
    found = find_softhsm()
    if found is None:
        if apt.as_root() is not None:
            apt.install("softhsm2")
        else:
            apt.unpack(cache.folder("softhsm"), "libsofthsm2")
        found = find_softhsm()
    if found is None:
        raise SoftHsmError("SoftHSM is not found; run  sudo apt-get install softhsm2")
    return found
