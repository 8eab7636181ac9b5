"""Which environment variables a token may set for its vendor's module."""

import re

from signetd.daemon.config.schema import Token, options

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# These load code of someone's choice into the worker before the module, or replace its Python.
_LOADERS = {"LD_PRELOAD", "LD_AUDIT"}
_SECRETS = ("PIN", "PASSWORD", "PASSWD", "PASSPHRASE")
_TOKEN_OPTIONS = frozenset(options(Token))


def objection(name: str, value: object) -> str | None:
    """Why the variable cannot be set, as a sentence that never contains the value; None if it can.

    A PIN must not travel this way: any program of the same user can read it in /proc.
    """
    if name in _TOKEN_OPTIONS:
        return "is an option of [[token]]: write it above [token.environment]."
    if not _NAME.fullmatch(name):
        return "must be a variable name: letters, digits and _, and no digit at the beginning."
    if name in _LOADERS or name.startswith("PYTHON"):
        return "is refused: it changes the program that the worker runs."
    if any(word in name.upper() for word in _SECRETS):
        return "is refused: no PIN or password goes into the environment; use pin_file."
    if not isinstance(value, str):
        return "must be a string in quotes."
    return "must not contain a NUL character." if "\0" in value else None
