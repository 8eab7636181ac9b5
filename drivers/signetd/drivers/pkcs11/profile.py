"""Profiles: what a vendor's tokens do differently, as data."""

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from signetd.drivers.errors import Reason, SignetError

Takes = Literal["digest", "message", "z-and-message"]
Returns = Literal["raw", "der"]


class Sm2Mechanism(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mechanism that makes SM2 signatures.

    ``takes``: "digest" is e itself; "message" is M, the token adds Z; "z-and-message" is for a
    token that hashes what it is given without adding Z, so Z ‖ M is handed to it.
    ``returns``: r‖s, or DER, which is read leniently. ``parameter``: "signer-id" hands the
    signer's ID over as the mechanism's parameter; with "none" the token knows the default ID only.
    """

    mechanism: int
    takes: Takes
    returns: Returns = "raw"
    parameter: Literal["none", "signer-id"] = "none"


class Sm2(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of a vendor's SM2; ``mechanisms`` in order of preference."""

    key_type: int
    key_pair_gen: int
    mechanisms: list[Sm2Mechanism] = msgspec.field(name="mechanism")


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the tokens of one vendor behave.

    ``unreported`` names the CKA attributes, of those that prove a key's protection, which the
    token cannot report; its keys then show the protection level UNPROVEN.
    """

    name: str
    description: str
    source: str
    run_on_hardware: bool
    unreported: list[str] = []
    ecdsa_returns: Returns = "raw"
    sm2: Sm2 | None = None


def names() -> list[str]:
    """Name the profiles there are."""
    folder = resources.files(__package__) / "profiles"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


@cache
def load(name: str) -> Profile:
    """Read a profile by name. Raises SignetError(PROFILE_UNKNOWN) naming those there are."""
    if name not in names():
        raise SignetError(
            Reason.PROFILE_UNKNOWN,
            f'there is no token profile "{name}"; there are {", ".join(names())}',
        )
    text = (resources.files(__package__) / "profiles" / f"{name}.toml").read_text()
    return parse(text)


def parse(text: str) -> Profile:
    """Read a profile from TOML. Raises tomllib.TOMLDecodeError or msgspec.ValidationError."""
    return msgspec.convert(tomllib.loads(text), Profile)
