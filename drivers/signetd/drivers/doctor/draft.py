"""A first profile for a vendor whose numbers stand in none: found by trial, to be completed."""

from collections.abc import Iterable
from typing import Any, Final

import pkcs11
from pkcs11 import exceptions as p11
from pkcs11.constants import Attribute

from signetd.drivers.doctor import trial
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import publickey
from signetd.drivers.pkcs11.ckr import ckr_name
from signetd.drivers.pkcs11.profile import Keygen, Profile, Sm2, Sm2Mechanism
from signetd.drivers.types import KeyType

_ANY: Final = Sm2Mechanism(mechanism=0, takes="digest")  # stands for what is to be found


def attempt(
    session: pkcs11.Session, unknown: list[dict[str, Any]], token: dict[str, Any]
) -> dict[str, Any]:
    """Try the vendor's unknown numbers; return a draft, or why there is none."""
    makers = [int(m["mechanism"], 16) for m in unknown if "GENERATE_KEY_PAIR" in m["flags"]]
    signers = [int(m["mechanism"], 16) for m in unknown if "SIGN" in m["flags"]]
    tried: list[str] = []
    for number in makers:
        try:
            found = _with(session, number, signers)
        except (p11.PKCS11Error, ValueError, SignetError) as error:
            why = ckr_name(error) if isinstance(error, p11.PKCS11Error) else str(error)
            tried.append(f"0x{number:08X} makes no SM2 key pair that can be read: {why}")
            continue
        if found.mechanisms:
            return {"profile": text(found, token), "tried": tried}
        tried.append(f"0x{number:08X} makes SM2 key pairs, and no mechanism signs with them")
    return {"profile": "", "tried": tried}


def _with(session: pkcs11.Session, number: int, signers: Iterable[int]) -> Sm2:
    """Make a pair without saying its key type, which the token then tells."""
    left_out = Keygen(leave_out_public=["KEY_TYPE"], leave_out_private=["KEY_TYPE"])
    guess = _profile(publickey.CKK_EC, number, left_out)
    with trial.session_pair(session, guess, number, KeyType.SM2) as (public, private):
        key_type = int(public.get_attributes([Attribute.KEY_TYPE])[Attribute.KEY_TYPE])
        pair = trial.read_key(_profile(key_type, number, left_out), public, private)
        found, _ = trial.examine(pair, list(signers))
    return Sm2(key_type=key_type, key_pair_gen=number, mechanisms=list(found.values()))


def _profile(key_type: int, number: int, left_out: Keygen) -> Profile:
    sm2 = Sm2(key_type=key_type, key_pair_gen=number, mechanisms=[_ANY])
    return Profile(
        name="draft", description="-", source="-", run_on_hardware=False, keygen=left_out, sm2=sm2
    )


def text(sm2: Sm2, token: dict[str, Any]) -> str:
    """Write the draft as TOML, the preferred mechanisms first."""
    order = ["digest", "message", "z-and-message"]
    maker = token["manufacturer"].replace("\\", "").replace('"', "")
    lines = [
        'name = "my-vendor"',
        f'description = "{maker} {token["model"]}"',
        'source = "found by trial with signetctl token probe"',
        "run_on_hardware = false # true once it was run on the vendor's device",
        "",
        "[match]",
        f'manufacturer = ["{maker}"]',
        "",
        "[sm2]",
        f"key_type = 0x{sm2.key_type:08X}",
        f"key_pair_gen = 0x{sm2.key_pair_gen:08X}",
    ]
    for m in sorted(sm2.mechanisms, key=lambda m: order.index(m.takes)):
        lines += ["", "[[sm2.mechanism]]", f"mechanism = 0x{m.mechanism:08X}"]
        lines += [f'takes = "{m.takes}"', f'returns = "{m.returns}"']
        lines += [f'parameter = "{m.parameter}"'] if m.parameter != "none" else []
    return "\n".join(lines) + "\n"
