"""Finding one token among the slots of a module, by label and serial; never by slot number."""

from pathlib import Path

import pkcs11
from pkcs11 import _pkcs11
from pkcs11 import exceptions as p11
from pkcs11.constants import TokenFlag

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.ckr import ckr_name, translated
from signetd.drivers.pkcs11.initialise import initialise
from signetd.drivers.pkcs11.matching import Facts
from signetd.drivers.types import TokenSettings


def load_module(path: str, init_string: str = "") -> _pkcs11.lib:
    """Load a PKCS#11 module into this process; *init_string* is for its C_Initialize.

    Raises SignetError(MODULE_UNLOADABLE).
    """
    if not Path(path).is_file():
        raise SignetError(Reason.MODULE_UNLOADABLE, f"the PKCS#11 module {path} does not exist")
    try:
        return _initialised(path, init_string) if init_string else pkcs11.lib(path)
    except p11.PKCS11Error as error:
        why = str(error) or f"it answered {ckr_name(error)} to C_Initialize"
        if isinstance(error, p11.ArgumentsBad) and not init_string:
            why += "; it may want an initialisation string, which a profile can have"
        raise SignetError(
            Reason.MODULE_UNLOADABLE, f"the PKCS#11 module {path} cannot be loaded: {why}"
        ) from error


class _Initialised(_pkcs11.lib):
    """A module that was initialised already; python-pkcs11 knows no initialisation string."""

    def initialize(self) -> None:
        """Leave it as it is."""


def _initialised(path: str, init_string: str) -> _pkcs11.lib:
    initialise(path, init_string)
    return _Initialised(path)


def offered(token: pkcs11.Token) -> set[int]:
    """The numbers of a token's mechanism list. Raises TokenFault."""
    with translated("reading the mechanism list"):
        return {int(m) for m in token.slot.get_mechanisms()}


def facts(library: _pkcs11.lib, token: pkcs11.Token, mechanisms: set[int]) -> Facts:
    """What the library and a token of its say of themselves."""
    return Facts(
        library.library_description,
        library.manufacturer_id,
        token.manufacturer_id,
        token.model,
        mechanisms,
    )


def find_token(library: _pkcs11.lib, settings: TokenSettings) -> pkcs11.Token:
    """Return the one token that the settings name.

    Raises SignetError(TOKEN_ABSENT), and TOKEN_AMBIGUOUS naming the serials of all that match.
    """
    with translated("listing the slots"):
        slots = library.get_slots(token_present=True)
    tokens = [token for token in (_token_in(slot) for slot in slots) if token]
    found = [token for token in tokens if _matches(token, settings)]
    if not found:
        why = f"no token with {_named(settings)} is in any slot{_strangers(tokens, settings)}"
        raise SignetError(Reason.TOKEN_ABSENT, why)
    if len(found) > 1:
        why = f"{len(found)} tokens have {_named(settings)}; {_told_apart(found)}"
        raise SignetError(Reason.TOKEN_AMBIGUOUS, why)
    return found[0]


def _told_apart(found: list[pkcs11.Token]) -> str:
    """Say by what to name one of several tokens: some makers give all the same serial."""
    serials = sorted(_serial(token) for token in found)
    if len(set(serials)) == len(serials):
        return f"name one by its serial: {', '.join(serials)}"
    labels = sorted(f'"{token.label}"' for token in found)
    if len(set(labels)) == len(labels):
        return f"name one by its label too: {', '.join(labels)}"
    return f"neither tells them apart ({', '.join(serials)}): give one of them another label"


def _named(settings: TokenSettings) -> str:
    parts = (("label", settings.label), ("serial", settings.serial))
    return " and ".join(f'{what} "{value}"' for what, value in parts if value)


def _strangers(tokens: list[pkcs11.Token], settings: TokenSettings) -> str:
    """Name the tokens that only have the same label: no PIN is presented to them."""
    serials = sorted(_serial(t) for t in tokens if settings.label and t.label == settings.label)
    if not serials:
        return ""
    return (
        f"; another token with this label is, with serial {' and '.join(serials)}: if it is to "
        "take the place of the one that is known, write its serial into the configuration"
    )


def _token_in(slot: pkcs11.Slot) -> pkcs11.Token | None:
    try:  # one dead token must not hide the others
        token = slot.get_token()
    except p11.PKCS11Error:
        return None
    return token if token.flags & TokenFlag.TOKEN_INITIALIZED else None


def _matches(token: pkcs11.Token, settings: TokenSettings) -> bool:
    return (not settings.label or token.label == settings.label) and (
        not settings.serial or _serial(token) == settings.serial
    )


def _serial(token: pkcs11.Token) -> str:
    return token.serial.decode(errors="replace")
