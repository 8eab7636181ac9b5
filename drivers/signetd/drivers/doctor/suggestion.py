"""The [[token]] table that works unchanged, as text for the configuration."""

import json
import re
from typing import Any

from signetd.drivers.doctor.messages import Target

_NAME = re.compile(r"[^a-z0-9]+")


def table(target: Target, token: dict[str, Any], profile: str, pin_file: str) -> str:
    """Write the table for a token as ``tokens.describe`` describes it."""
    lines = [
        "[[token]]",
        f"name = {_quoted(name_for(token['label']))}",
        f"module = {_quoted(target.module)}",
    ]
    if _is_clean(token["label"]):
        lines.append(f"label = {_quoted(token['label'])}")
    if _is_clean(token["serial"]) and token["serial"].isascii():
        lines.append(f"serial = {_quoted(token['serial'])}")
    is_file = profile.endswith(".toml")
    lines.append(f"{'profile_file' if is_file else 'profile'} = {_quoted(profile)}")
    if pin_file:
        lines.append(f"pin_file = {_quoted(pin_file)}")
    if target.environment:
        lines += ["", "[token.environment]"]
        lines += [f"{name} = {_quoted(value)}" for name, value in target.environment.items()]
    return "\n".join(lines) + "\n"


def name_for(label: str) -> str:
    """Make a token's name in the API of its label: small letters, digits and hyphens."""
    made = _NAME.sub("-", label.lower()).strip("-")[:63].strip("-")
    return made if made[:1].isalpha() else f"token-{made}".strip("-")[:63].strip("-")


def _is_clean(text: str) -> bool:
    return bool(text) and text.isprintable() and text == text.strip()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
