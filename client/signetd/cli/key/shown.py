"""Keys printed for people and for programs."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.session import Output
from signetd.cli.words import policy_text

if TYPE_CHECKING:
    from signetd.api.v1.resources_pb2 import Key, KeyVersion

_ALWAYS: Final = "the token reports that it was made there, is sensitive and never was extractable"
_PROVEN: Final = {
    "HARDWARE": f"{_ALWAYS}; it calls itself hardware",
    "SOFTWARE": f"{_ALWAYS}; it does not call itself hardware",
    "UNPROVEN": "the token cannot report all that proves a key; its profile says what it cannot",
}
_VERSION_COLUMNS: Final = (
    "name",
    "state",
    "token",
    "cka_id",
    "protection_level",
    "create_time",
    "public_key_fingerprint",
)
_COLUMNS: Final = (
    "name",
    "key_type",
    "purpose",
    "state",
    "token",
    "protection_level",
    "uses",
    "certificate_expire_time",
)


def one(output: Output, key: "Key") -> None:
    """Print a key."""
    found: dict[str, Any] = plain(key)
    if output is Output.TABLE:
        found["protection"] = _PROVEN.get(found["protection_level"], "")
        found["policy"] = policy_text(found.get("policy", {}))
    show.one(output, found)


def many(output: Output, keys: "Sequence[Key]") -> None:
    """Print keys; what somebody should know of them on stderr, where that is not in the output."""
    show.many(output, _COLUMNS, [plain(key) for key in keys])
    if output is Output.TABLE:
        for key in keys:
            for warning in key.warnings:
                print(f"signetctl: {key.name}: {warning}", file=sys.stderr)


def versions(output: Output, found: "Sequence[KeyVersion]") -> None:
    """Print the versions of a key."""
    show.many(output, _VERSION_COLUMNS, [plain(version) for version in found])
