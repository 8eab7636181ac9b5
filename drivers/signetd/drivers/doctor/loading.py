"""Profiles and module, as a request names them."""

import os
from dataclasses import dataclass
from pathlib import Path

from pkcs11 import _pkcs11

from signetd.drivers.doctor.messages import Target
from signetd.drivers.doctor.output import Output
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import finder, profiles
from signetd.drivers.pkcs11.native_admin import Admin
from signetd.drivers.pkcs11.profile import Profile


@dataclass(frozen=True)
class Loaded:
    """A module that is initialised, and the profiles that may fit its tokens.

    ``named`` is the profile that the request names; None lets the doctor choose.
    """

    library: _pkcs11.lib
    admin: Admin
    named: Profile | None
    candidates: list[Profile]


def load(target: Target, output: Output) -> Loaded:
    """Read the profiles and load the module. Raises SignetError."""
    named = _named(target)
    own = profiles.read_folder(Path(target.profiles)) if target.profiles else []
    candidates = {p.name: p for p in [*profiles.shipped(), *own]}
    if named is not None:
        candidates[named.name] = named
    output.doing("loading the module (C_Initialize)")
    library = _load_module(target, named, list(candidates.values()))
    return Loaded(library, Admin(target.module, library), named, list(candidates.values()))


def _named(target: Target) -> Profile | None:
    if not target.profile:
        return None
    if target.profile.endswith(".toml"):
        return profiles.read(Path(target.profile))[0]
    file = Path(target.profiles) / f"{target.profile}.toml" if target.profiles else None
    if file is not None and file.exists():
        return profiles.read(file)[0]
    return profiles.load(target.profile)


def _load_module(target: Target, named: Profile | None, candidates: list[Profile]) -> _pkcs11.lib:
    init_string = named.init_text(dict(os.environ)) if named else ""
    try:
        return finder.load_module(target.module, init_string)
    except SignetError as error:
        having = [p.name for p in candidates if p.init_string]
        if init_string or "CKR_ARGUMENTS_BAD" not in error.message or not having:
            raise
        choice = " or ".join(f"--profile {name}" for name in having)
        raise SignetError(error.reason, f"{error.message}: try  {choice}") from None
