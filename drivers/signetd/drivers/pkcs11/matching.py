"""Which profile fits a token: by what it and its library say of themselves, and by its numbers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from signetd.drivers.pkcs11.profile import Profile, Sm2Mechanism

_MANUFACTURER: Final = 8
_MODEL: Final = 4
_LIBRARY: Final = 4
_KEY_PAIR_GEN: Final = 2
_MECHANISM: Final = 1
_PROVEN: Final = 4
_REFUTED: Final = -100
_ANY_TOKEN: Final = 1


@dataclass(frozen=True)
class Facts:
    """What a library and its token say of themselves; ``offered`` is the mechanism list."""

    library: str
    library_manufacturer: str
    manufacturer: str
    model: str
    offered: Collection[int]


class Fit(msgspec.Struct, frozen=True):
    """How well a profile fits a token; ``reasons`` are for people, with the points of each."""

    profile: str
    score: int
    reasons: list[str]


def fits(
    profiles: Iterable[Profile],
    facts: Facts,
    found: Mapping[int, Sm2Mechanism] | None = None,
) -> list[Fit]:
    """Rank *profiles*, the best first; what speaks for none of them is left out.

    *found* is how mechanisms were seen to work, by their number. With nothing to go by, it is
    "standard" that fits.
    """
    all_of_them = [_fit(profile, facts, found or {}) for profile in profiles]
    return sorted((f for f in all_of_them if f.score > 0), key=lambda f: (-f.score, f.profile))


def best(profiles: Iterable[Profile], facts: Facts) -> str:
    """Name the profile that fits best, by what the token says of itself."""
    ranked = fits(profiles, facts)
    return ranked[0].profile if ranked else "standard"


def _fit(profile: Profile, facts: Facts, found: Mapping[int, Sm2Mechanism]) -> Fit:
    points = _identity(profile, facts)
    points += _numbers(profile, facts, is_known=bool(points))
    points += _trials(profile, found)
    if profile.sm2 is None and not profile.match.library and not profile.match.manufacturer:
        points.append((_ANY_TOKEN, "it fits every token that keeps to PKCS#11, without SM2"))
    score = sum(number for number, _ in points)
    return Fit(profile.name, score, [f"{text} ({number:+d})" for number, text in points])


def _identity(profile: Profile, facts: Facts) -> list[tuple[int, str]]:
    match = profile.match
    makers = (facts.manufacturer, facts.library_manufacturer)
    tried = (
        (_MANUFACTURER, "manufacturer", match.manufacturer, makers),
        (_MODEL, "model", match.model, (facts.model,)),
        (_LIBRARY, "library description", match.library, (facts.library,)),
    )
    points = []
    for number, what, patterns, values in tried:
        for pattern in patterns:
            value = next((v for v in values if fnmatchcase(v.lower(), pattern.lower())), None)
            if value is not None:
                points.append((number, f'the {what} "{value}" is as "{pattern}"'))
                break
    return points


def _numbers(profile: Profile, facts: Facts, *, is_known: bool) -> list[tuple[int, str]]:
    """Count the numbers; a stranger's without that of its key pairs are a coincidence."""
    if profile.sm2 is None or not (is_known or profile.sm2.key_pair_gen in facts.offered):
        return []
    points = []
    if profile.sm2.key_pair_gen in facts.offered:
        text = f"the token offers 0x{profile.sm2.key_pair_gen:08X}, which makes its SM2 key pairs"
        points.append((_KEY_PAIR_GEN, text))
    offered = [m.mechanism for m in profile.sm2.mechanisms if m.mechanism in facts.offered]
    for number in offered:
        points.append((_MECHANISM, f"the token offers 0x{number:08X}, which signs with SM2"))
    return points if offered else []


def _trials(profile: Profile, found: Mapping[int, Sm2Mechanism]) -> list[tuple[int, str]]:
    points = []
    for declared in profile.sm2.mechanisms if profile.sm2 else []:
        seen = found.get(declared.mechanism)
        if seen is None:
            continue
        if agrees(declared, seen):
            points.append((_PROVEN, f"0x{declared.mechanism:08X} works as the profile says"))
        else:
            why = f"0x{declared.mechanism:08X} {contradiction(declared, seen)}"
            points.append((_REFUTED, why))
    return points


def agrees(declared: Sm2Mechanism, seen: Sm2Mechanism) -> bool:
    """Say whether a mechanism works as it is declared.

    A token that takes the signer's ID as a parameter also works without, with the default ID.
    """
    same = (declared.takes, declared.returns) == (seen.takes, seen.returns)
    return same and (declared.parameter == "none" or seen.parameter == declared.parameter)


def contradiction(declared: Sm2Mechanism, seen: Sm2Mechanism) -> str:
    """Say how a mechanism differs from what is declared."""
    names = ("takes", "returns", "parameter")
    differing = [n for n in names if getattr(declared, n) != getattr(seen, n)]
    said = ", ".join(f'{n} = "{getattr(declared, n)}"' for n in differing)
    is_so = ", ".join(f'{n} = "{getattr(seen, n)}"' for n in differing)
    return f"does not work as the profile says: {said} is {is_so} on the token"
