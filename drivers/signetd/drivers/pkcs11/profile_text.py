"""Reading a profile's TOML: what is wrong with it is told with its line, limit and way out."""

import re
import tomllib
from collections import Counter
from string import Template
from typing import Final

import msgspec
from pkcs11.constants import Attribute

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.pkcs11.protection import REQUIRED
from signetd.drivers.types import Algorithm

MAX_BYTES: Final = 64 << 10
_NUMBER: Final = "a number from 0 to 0xFFFFFFFF, such as 0x80000201"
_EXPECTED: Final = {
    "name": "lower-case letters, digits and hyphens, at most 63, beginning with a letter",
    "description": "a text of 1 to 200 characters",
    "source": "a text of 1 to 1000 characters that says where the numbers come from",
    "run_on_hardware": "true or false",
    "unreported": f"a list of some of {', '.join(a.name for a in REQUIRED)}",
    "misreported": 'a list of nothing but "LOCAL"',
    "ecdsa_returns": '"raw" or "der"',
    "unusable": f"a list of some of {', '.join(Algorithm)}",
    "loaded_keys": "a number of keys from 1 to 1000, or 0 for no limit",
    "one_worker": "true or false",
    "init_string": "a text of at most 1000 characters",
    "key_type": _NUMBER,
    "key_pair_gen": _NUMBER,
    "ec_params": "hexadecimal digits in pairs, at most 64 bytes",
    "mechanism": f"{_NUMBER}; the tables [[sm2.mechanism]] are 1 to 16",
    "takes": '"digest", "message" or "z-and-message"',
    "returns": '"raw" or "der"',
    "parameter": '"none" or "signer-id"',
    "library": "a list of patterns of 1 to 64 characters",
    "manufacturer": "a list of patterns of 1 to 64 characters",
    "model": "a list of patterns of 1 to 64 characters",
    "leave_out_public": 'a list of attributes without "CKA_", such as "ENCRYPT"',
    "leave_out_private": 'a list of attributes without "CKA_", such as "DECRYPT"',
}
_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([\w.]+)\s*\]")
_KEY: Final = re.compile(r"\s*([\w]+)\s*=")
_NEVER_LEFT_OUT: Final = ("SENSITIVE", "EXTRACTABLE", "PRIVATE", "TOKEN", "ID", "SIGN")


def parse(text: str, file: str = "profile") -> Profile:
    """Read a profile; *file* names it in messages. Raises SignetError(PROFILE_UNKNOWN)."""
    if len(text.encode()) > MAX_BYTES:
        raise refused(file, f"is larger than {MAX_BYTES} bytes; is it the right file?")
    try:
        found = msgspec.convert(tomllib.loads(text), Profile)
    except tomllib.TOMLDecodeError as error:
        raise refused(file, f"is not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise _invalid(file, text, str(error)) from None
    _check(found, file, text)
    return found


def _invalid(file: str, text: str, said: str) -> SignetError:
    problem, _, place = said.partition(" - at `$")
    path = place.rstrip("`").lstrip(".")
    unknown = re.search(r"(?:unknown|required) field `(\w+)`", problem)
    if unknown:
        path = ".".join(filter(None, (path, unknown[1])))
    key = re.sub(r"\[[^\]]*\]$", "", path).rpartition(".")[2]
    if "unknown field" in problem:
        what = f"is not a key of a profile; the keys are {', '.join(_EXPECTED)}"
    elif "required field" in problem:
        what = f"is missing: {_EXPECTED.get(key, 'a table')}"
    else:
        what = f"must be {_EXPECTED.get(key, 'a table')}"
    return refused(f"{file}{_line(text, path)}", f"{path or 'the file'} {what}")


def _check(found: Profile, file: str, text: str) -> None:
    """Refuse what the schema cannot tell."""
    for key, names, known in _attribute_lists(found):
        for name in names:
            if name not in known:
                where = f"{file}{_line(text, key)}"
                raise refused(
                    where, f'{key} has "{name}"; it must be {_EXPECTED[key.split(".")[-1]]}'
                )
    for name in found.keygen.leave_out_private:
        if name in _NEVER_LEFT_OUT:
            key = "keygen.leave_out_private"
            raise refused(f"{file}{_line(text, key)}", f"{key}: {name} cannot be left out")
    if not Template(found.init_string).is_valid():
        where = f"{file}{_line(text, 'init_string')}"
        raise refused(where, "init_string has a $ without a name; write $$ for the sign itself")
    _check_numbers(found, file, text)


def _attribute_lists(found: Profile) -> list[tuple[str, list[str], set[str]]]:
    every = set(Attribute.__members__)
    return [
        ("unreported", found.unreported, {a.name for a in REQUIRED}),
        ("keygen.leave_out_public", found.keygen.leave_out_public, every),
        ("keygen.leave_out_private", found.keygen.leave_out_private, every),
    ]


def _check_numbers(found: Profile, file: str, text: str) -> None:
    seen: set[int] = set()
    for index, each in enumerate(found.sm2.mechanisms if found.sm2 else []):
        if each.mechanism in seen:
            where = f"{file}{_line(text, f'sm2.mechanism[{index}].mechanism')}"
            raise refused(
                where, f"0x{each.mechanism:08X} has a [[sm2.mechanism]] before; leave one"
            )
        seen.add(each.mechanism)


def refused(where: str, why: str) -> SignetError:
    """Say why a profile is not used; *where* is its file and line."""
    return SignetError(Reason.PROFILE_UNKNOWN, f"{where}: {why} (docs/profiles.md has an example)")


def _line(text: str, path: str) -> str:
    """ ":LINE" of a key such as sm2.mechanism[1].takes, or of its table; "" if it has none."""
    lines = _lines(text)
    while path:
        if path in lines:
            return f":{lines[path]}"
        path = path[:-1] if path[-1] == "]" and path.endswith("[]") else _shorter(path)
    return ""


def _shorter(path: str) -> str:
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def _lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    counts: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[2]
            if header[1] == "[[":
                counts[table] += 1
                table = f"{table}[{counts[table] - 1}]"
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{key[1]}".lstrip("."), number)
    return found
