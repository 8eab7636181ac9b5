"""Profiles: what a vendor's tokens do differently, as data. docs/profiles.md tells each key."""

from string import Template
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm

Takes = Literal["digest", "message", "z-and-message"]
Returns = Literal["raw", "der"]
Number = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Glob = Annotated[str, Meta(min_length=1, max_length=64)]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all tables of a profile have in common: they know all their keys."""


class Sm2Mechanism(Table, frozen=True, kw_only=True):
    """A mechanism that makes SM2 signatures.

    ``takes``: "digest" is e itself; "message" is M, the token adds Z; "z-and-message" is for a
    token that hashes what it is given without adding Z, so Z ‖ M is handed to it.
    ``returns``: r‖s, or DER, which is read leniently. ``parameter``: "signer-id" hands the
    signer's ID over as the mechanism's parameter; with "none" the token knows the default ID only.
    """

    mechanism: Number
    takes: Takes
    returns: Returns = "raw"
    parameter: Literal["none", "signer-id"] = "none"


class Sm2(Table, frozen=True, kw_only=True):
    """The numbers of a vendor's SM2; ``mechanisms`` in order of preference.

    ``ec_params`` is the CKA_EC_PARAMS (hex) that a key pair is asked for with; "" asks without.
    """

    key_type: Number
    key_pair_gen: Number
    ec_params: Annotated[str, Meta(pattern=r"\A([0-9a-fA-F]{2}){0,64}\Z")] = "06082a811ccf5501822d"
    mechanisms: Annotated[list[Sm2Mechanism], Meta(min_length=1, max_length=16)] = msgspec.field(
        name="mechanism"
    )


class Match(Table, frozen=True, kw_only=True):
    """How the vendor's modules and tokens are recognised: patterns with * and ?, no case.

    ``library`` is for the library's description, ``manufacturer`` for that of the library or of
    the token, ``model`` for the token's.
    """

    library: list[Glob] = []
    manufacturer: list[Glob] = []
    model: list[Glob] = []


class Keygen(Table, frozen=True, kw_only=True):
    """Names of CKA attributes that templates of new key pairs leave out, as without CKA_."""

    leave_out_public: list[str] = []
    leave_out_private: list[str] = []


class Profile(Table, frozen=True, kw_only=True):
    """How the tokens of one vendor behave.

    ``unreported`` names the CKA attributes, of those that prove a key's protection, which the
    token cannot report, ``misreported`` those that it shows as false of every key, which only LOCAL
    may be; its keys then show the protection level UNPROVEN. ``unusable`` names algorithms for
    which the mechanism list promises what the token does not do. ``loaded_keys`` is how many keys
    it can hold loaded in one login, 0 where it needs no care. ``one_worker`` is for a
    module that shows a process only the objects which were there when it was loaded, and its own:
    what one worker makes, another would not find. ``init_string`` is what
    the module wants in C_Initialize (pReserved), with $NAME for variables of the token's
    environment.
    """

    name: Annotated[str, Meta(pattern=r"\A[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")]
    description: Annotated[str, Meta(min_length=1, max_length=200)]
    source: Annotated[str, Meta(min_length=1, max_length=1000)]
    run_on_hardware: bool
    unreported: list[str] = []
    misreported: list[Literal["LOCAL"]] = []
    ecdsa_returns: Returns = "raw"
    unusable: list[Algorithm] = []
    loaded_keys: Annotated[int, Meta(ge=0, le=1000)] = 0
    one_worker: bool = False
    init_string: Annotated[str, Meta(max_length=1000)] = ""
    match: Match = Match()
    keygen: Keygen = Keygen()
    sm2: Sm2 | None = None

    def init_text(self, environment: dict[str, str]) -> str:
        """The string for C_Initialize; "" for none. Raises SignetError(MODULE_UNLOADABLE)."""
        try:
            return Template(self.init_string).substitute(environment)
        except KeyError as missing:
            variable = str(missing.args[0])
            raise SignetError(
                Reason.MODULE_UNLOADABLE,
                f'the profile "{self.name}" needs the variable {variable} for the module\'s '
                f"initialisation; set {variable} in the token's environment",
            ) from None
