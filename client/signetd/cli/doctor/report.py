"""The doctor's report: tables for people, JSON for programs. docs/doctor.md has the schema."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from signetd.cli.doctor.process import Answer

if TYPE_CHECKING:
    from rich.console import Console

_MEMORY = (
    ("sessions", "sessions"),
    ("rw_sessions", "read-write sessions"),
    ("public_memory", "public memory"),
    ("private_memory", "private memory"),
)


def as_json(answer: Answer) -> None:
    """Print everything as one JSON object."""
    found = {
        "schema": 1,
        "complete": answer.is_complete,
        "error": answer.error,
        "doing": "" if answer.is_complete else answer.doing,
        "printed": answer.printed,
        **answer.sections,
    }
    print(json.dumps(found, ensure_ascii=False))


def as_text(answer: Answer) -> None:
    """Print each section that there is, for people."""
    from rich.console import Console

    console = Console(markup=False, emoji=False, highlight=False)
    parts: dict[str, Callable[[Console, Any], None]] = {
        "library": _library,
        "slots": _slots,
        "token": _token,
        "profile": _profile,
        "sm2": _sm2,
        "algorithms": _algorithms,
        "speed": _speed,
        "unknown_mechanisms": _unknown,
        "draft": _draft,
        "objects": _objects,
        "certificates": _certificates,
        "configuration": _configuration,
        "weaknesses": _hints,
        "hints": _hints,
    }
    for name, show in parts.items():
        if answer.sections.get(name):
            show(console, answer.sections[name])


def _table(
    console: "Console", title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]
) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def _library(console: "Console", found: Mapping[str, str]) -> None:
    text = "library: {manufacturer}, {description} {version}, Cryptoki {cryptoki_version}"
    console.print(text.format(**found), soft_wrap=True)


def _slots(console: "Console", found: list[dict[str, Any]]) -> None:
    for slot in found:
        token = slot["token"]
        kind = "hardware" if slot["hardware"] else "software"
        text = f"slot {slot['slot']} ({kind}): {slot.get('problem', '')}"
        if token is not None:
            named = f'token "{token["label"]}", serial {token["serial"]}'
            made = f"{token['manufacturer']} {token['model']}"
            text += f"{named if token['initialised'] else 'blank token'}, {made}"
            text += f"\n  {', '.join(token['flags'])}"
        console.print(text, soft_wrap=True)


def _token(console: "Console", found: Mapping[str, Any]) -> None:
    console.print(f'token "{found["label"]}", serial {found["serial"]}', soft_wrap=True)
    console.print(f"  PIN: {_shown(found, 'min_pin')} to {_shown(found, 'max_pin')} bytes")
    for name, words in _MEMORY:
        if "memory" in name:
            text = f"{_shown(found, f'free_{name}')} free of {_shown(found, f'total_{name}')} bytes"
        else:
            most = found.get(f"max_{name}")
            limit = "no limit" if most == 0 else f"at most {_shown(found, f'max_{name}')}"
            text = f"{_shown(found, name)} open, {limit}"
        console.print(f"  {words}: {text}")


def _shown(found: Mapping[str, Any], name: str) -> object:
    value = found.get(name)
    return "?" if value is None else value


def _profile(console: "Console", found: Mapping[str, Any]) -> None:
    run = "" if found["run_on_hardware"] else ", which was not run on this vendor's hardware"
    console.print(f'profile: "{found["name"]}"{run}', soft_wrap=True)
    rows = [(fit["profile"], fit["score"], "\n".join(fit["reasons"])) for fit in found["fits"]]
    _table(console, "profiles that fit", ("profile", "score", "why"), rows)


def _sm2(console: "Console", found: list[dict[str, Any]]) -> None:
    rows = []
    for group in found:
        if "problem" in group:
            rows.append([group["key_pair_gen"], group["problem"], "", "", ""])
        for m in group.get("mechanisms", []):
            rows.append([m["mechanism"], *_convention(m)])
    columns = ("mechanism", "signs", "returns", "parameter", "profile's takes")
    _table(console, "SM2, by trial", columns, rows)
    for group in found:
        for name, value in group.get("quirks", {}).items():
            shown = (", ".join(value) or "none") if isinstance(value, list) else value
            console.print(f"  {name.replace('_', ' ')}: {shown}", soft_wrap=True)


def _convention(m: Mapping[str, Any]) -> list[str]:
    if not m["works"]:
        return [m["why"], "", "", ""]
    signs = {"digest": "e as given", "z-and-message": "SM3(M)", "message": "SM3(Z ‖ M)"}
    form = "malformed DER" if m["malformed_der"] else m["returns"]
    return [signs[m["takes"]], form, m["parameter"], m["takes"]]


def _algorithms(console: "Console", found: list[dict[str, Any]]) -> None:
    rows = [
        (
            a["algorithm"],
            ", ".join(a["inputs"]) if a["signs"] else "no",
            "yes" if a["generates_keys"] else "no",
            ", ".join(a["needs"]) or "a profile with SM2",
        )
        for a in found
    ]
    columns = ("algorithm", "signs", "makes keys", "by mechanism (one of)")
    _table(console, "mechanisms", columns, rows)


def _speed(console: "Console", found: list[dict[str, Any]]) -> None:
    rows = [
        (s["algorithm"], s["key_type"], s["generate_milliseconds"], s["signatures_per_second"])
        if s["works"]
        else (s["algorithm"], s["key_type"], "", s["why"])
        for s in found
    ]
    columns = ("algorithm", "key", "made in ms", "signatures/s")
    _table(console, "speed, one session", columns, rows)


def _unknown(console: "Console", found: list[dict[str, Any]]) -> None:
    useful = ("SIGN", "GENERATE_KEY_PAIR")  # the JSON has the others too
    rows = [
        (m["mechanism"], ", ".join(m["flags"]))
        for m in found
        if not m["flags"] or any(flag in m["flags"] for flag in useful)
    ]
    if rows:
        _table(console, "vendor mechanisms that stand in no profile", ("number", "for"), rows)


def _draft(console: "Console", found: Mapping[str, Any]) -> None:
    for text in found["tried"]:
        console.print(text, soft_wrap=True)
    if found["profile"]:
        console.print("a profile to begin with (docs/profiles.md):\n")
        console.print(found["profile"], soft_wrap=True)


def _certificates(console: "Console", found: list[dict[str, Any]]) -> None:
    rows = [
        (
            each["label"],
            each["cka_id"],
            each.get("subject") or each["problem"],
            each.get("not_after", ""),
            "yes" if each["has_private_key"] else "no",
        )
        for each in found
    ]
    columns = ("label", "CKA_ID", "subject", "valid until", "private key")
    _table(console, "certificates", columns, rows)


def _objects(console: "Console", found: Mapping[str, int]) -> None:
    counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in found.items())
    console.print(f"objects: {counts}", soft_wrap=True)


def _configuration(console: "Console", found: str) -> None:
    console.print("\nfor the configuration:\n")
    console.print(found, soft_wrap=True)


def _hints(console: "Console", found: list[str]) -> None:
    for hint in found:
        console.print(f"hint: {hint}", soft_wrap=True)
