"""What to say about a key that the configuration does not know."""

from collections.abc import Iterable
from difflib import get_close_matches

from signetd.daemon.config import schema

_TABLES = {
    "[daemon]": frozenset(schema.options(schema.Daemon)),
    "[database]": frozenset(schema.options(schema.Database)),
    "[log]": frozenset(schema.options(schema.Log)),
    "[limits]": frozenset(schema.options(schema.Limits)),
    "[[listener]] with tcp": frozenset(schema.options(schema.TcpListener)),
    "[[listener]] with unix": frozenset(schema.options(schema.UnixListener)),
    "[access]": frozenset(schema.options(schema.Access)),
    "[audit]": frozenset(schema.options(schema.Audit)),
    "[seals]": frozenset(schema.options(schema.Seals)),
    "[timestamps]": frozenset(schema.options(schema.Timestamps)),
    "[[token]]": frozenset(schema.options(schema.Token)),
}
_SECRETS = {"pin", "user_pin", "userpin", "so_pin", "password", "passphrase"}
_SHORTEST_PART = 3
_LONGEST_KEY = 64  # A longer one resembles no option.


def about_unknown(key: str, known: Iterable[str], table: str) -> str:
    """A sentence about `key`, which is not among the `known` keys of `table` (its heading)."""
    plain = key[:_LONGEST_KEY].lower().replace("-", "_")
    if plain in _SECRETS:
        home = "password_file" if "password_file" in known else "pin_file in [[token]]"
        return (
            "a PIN or password is never written in the configuration: put it in a file "
            f"with mode 0600 and name that file with {home}."
        )
    if plain == "identity" and "access" in known:
        return (
            "is not in the configuration: identities, with their roles and grants, are in the "
            "database. Name the first security administrator with first_security_admin in "
            "[access], or with signetd init; who then runs signetctl access identity add."
        )
    return f"is not an option of {table}; {_advice(plain, sorted(known))}"


def _advice(key: str, known: list[str]) -> str:
    homes = [heading for heading, names in _TABLES.items() if key in names - set(known)]
    if homes:
        return f"it belongs in {' or '.join(homes)}."
    meant = _containing(key, known) or get_close_matches(key, known, n=1)
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    return f"its options are {', '.join(known)}."


def _containing(key: str, known: list[str]) -> list[str]:
    """The options that `key` is short for, such as certificate for cert."""
    return [name for name in known if len(key) >= _SHORTEST_PART and key in name]
