"""What a token is, and which profile would fit it better than the one it has."""

from collections.abc import Iterator
from contextlib import contextmanager

import pkcs11
from pkcs11 import _pkcs11
from pkcs11.constants import SlotFlag

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import finder, matching, plan, profiles, protection
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import TokenInfo


def describe(
    library: _pkcs11.lib, token: pkcs11.Token, profile: Profile, offered: set[int]
) -> TokenInfo:
    """Tell what a token says of itself, and what it can do with its profile."""
    version = ".".join(str(part) for part in library.library_version)
    hardware = bool(token.slot.flags & SlotFlag.HW_SLOT)
    return TokenInfo(
        label=token.label,
        serial=token.serial.decode(errors="replace"),
        manufacturer=token.manufacturer_id,
        model=token.model,
        module=f"{library.manufacturer_id} {library.library_description} {version}",
        protection_level=protection.level(profile, hardware=hardware),
        inputs=plan.inputs(profile, offered),
        better_profile=_better(library, token, profile, offered),
    )


def _better(library: _pkcs11.lib, token: pkcs11.Token, profile: Profile, offered: set[int]) -> str:
    """Name a profile that fits better than *profile*, "" if none does; a tie goes to *profile*."""
    candidates = {p.name: p for p in profiles.shipped()} | {profile.name: profile}
    ranked = matching.fits(candidates.values(), finder.facts(library, token, offered))
    best = [fit.profile for fit in ranked if fit.score == ranked[0].score]
    return "" if profile.name in best or not best else best[0]


@contextmanager
def better_profile_named(info: TokenInfo, profile: str) -> Iterator[None]:
    """Name the profile that fits where *profile* does not. Raises what is raised inside."""
    try:
        yield
    except SignetError as error:
        wrong = error.reason in (Reason.CONVENTION_WRONG, Reason.ALGORITHM_NOT_ON_TOKEN)
        if not wrong or not info.better_profile:
            raise
        advice = (
            f'; its profile is "{profile}", and by what the token says of itself '
            f'"{info.better_profile}" fits better:  signetctl token probe  tells more'
        )
        raise SignetError(error.reason, error.message + advice) from error
