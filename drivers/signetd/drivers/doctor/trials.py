"""Trials of all that the profiles know of SM2, one session key pair for each way to make one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pkcs11
from pkcs11 import exceptions as p11

from signetd.drivers.doctor import quirks, trial
from signetd.drivers.doctor.output import Output
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import matching
from signetd.drivers.pkcs11.ckr import ckr_name
from signetd.drivers.pkcs11.profile import Profile, Sm2Mechanism
from signetd.drivers.types import KeyType

_NO_SESSION_KEYS = frozenset(
    {
        "CKR_TEMPLATE_INCONSISTENT",
        "CKR_ATTRIBUTE_VALUE_INVALID",
        "CKR_SESSION_READ_ONLY",
        "CKR_FUNCTION_NOT_SUPPORTED",
    }
)


@dataclass
class Tried:
    """How mechanisms were seen to work, and everything for the report."""

    found: dict[int, Sm2Mechanism] = field(default_factory=dict)
    report: list[dict[str, Any]] = field(default_factory=list)


def run(
    session: pkcs11.Session, profiles: Iterable[Profile], offered: set[int], output: Output
) -> Tried:
    """Try each way of the profiles to make a pair, and with it all their mechanisms."""
    tried = Tried()
    groups: dict[tuple[int, int, str], list[Profile]] = {}
    for profile in profiles:
        if profile.sm2 is not None and profile.sm2.key_pair_gen in offered:
            way = (profile.sm2.key_type, profile.sm2.key_pair_gen, profile.sm2.ec_params.lower())
            groups.setdefault(way, []).append(profile)
    for alike in groups.values():
        _try_group(session, alike, offered, tried, output)
    return tried


def _try_group(
    session: pkcs11.Session,
    alike: list[Profile],
    offered: set[int],
    tried: Tried,
    output: Output,
) -> None:
    first = alike[0]
    if first.sm2 is None:
        return
    number = first.sm2.key_pair_gen
    about: dict[str, Any] = {
        "profiles": [profile.name for profile in alike],
        "key_type": f"0x{first.sm2.key_type:08X}",
        "key_pair_gen": f"0x{number:08X}",
    }
    output.doing(f"making an SM2 session key pair with 0x{number:08X}, and signing with it")
    try:
        with trial.session_pair(session, first, number, KeyType.SM2) as (public, private):
            pair = trial.read_key(first, public, private)
            found, about["mechanisms"] = trial.examine(pair, _numbers(alike, offered))
            about["quirks"] = quirks.of_sm2(pair)
            tried.found |= found
    except p11.PKCS11Error as error:
        about["problem"] = _no_pair(ckr_name(error))
    except (ValueError, SignetError) as error:
        about["problem"] = f"its public key cannot be read: {error}"
    tried.report.append(about)


def _numbers(alike: list[Profile], offered: set[int]) -> list[int]:
    numbers = [m.mechanism for p in alike if p.sm2 for m in p.sm2.mechanisms]
    return [n for n in dict.fromkeys(numbers) if n in offered]


def _no_pair(name: str) -> str:
    text = f"the token answered {name} to C_GenerateKeyPair for a session key pair"
    if name in _NO_SESSION_KEYS:
        text += "; it may allow no session keys, and the doctor makes no others"
    return text


def lies(profile: Profile, found: dict[int, Sm2Mechanism]) -> list[str]:
    """Name each mechanism that does not work as *profile* says."""
    declared = profile.sm2.mechanisms if profile.sm2 else []
    pairs = [(m, found[m.mechanism]) for m in declared if m.mechanism in found]
    return [
        f"0x{said.mechanism:08X} {matching.contradiction(said, seen)}"
        for said, seen in pairs
        if not matching.agrees(said, seen)
    ]
