"""What tests of seals on a whole instance begin with."""

import subprocess
from datetime import date, timedelta
from pathlib import Path

CODE = "91110108MA01A2B3CF"
OWNER = "示例科技有限公司"
PROPERTY = "/Doc_0/Signs/Sign_0/Signature.xml"
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40mm" height="40mm" viewBox="0 0 40 40">'
    '<circle cx="20" cy="20" r="19" fill="none" stroke="#d00"/></svg>'
)
VECTORS = Path(__file__).parents[1] / "vectors" / "seals"
"""Seals that others have made, with what it takes to verify them."""


def until(years: int = 1) -> str:
    """Return a day some years ahead."""
    return (date.today() + timedelta(days=365 * years)).isoformat()


def application(name: str, key: str = "demo-seal-key") -> list[str]:
    """Return the command that applies for a seal, with the picture in seal.svg."""
    return [
        *("seal", "apply", name, "--kind", "legal-name", "--title", OWNER, "--owner", OWNER),
        *("--code", CODE, "--picture", "seal.svg", "--width", "40", "--height", "40"),
        *("--until", until(), "--key", key),
    ]


def recipe(folder: Path, *arguments: str) -> "tuple[int, list[str]]":
    """Return what the openssl command, and nothing else, says of a seal or a stamp."""
    command = [str(VECTORS / "recipe.sh"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, (done.stdout + done.stderr).splitlines()
