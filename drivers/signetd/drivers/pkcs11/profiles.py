"""Where profiles are: those that come with signetd, and an administrator's own."""

from functools import cache
from importlib import resources
from pathlib import Path

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import profile_text
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import TokenSettings


def names() -> list[str]:
    """Name the profiles that come with signetd."""
    folder = resources.files(__package__) / "profiles"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


@cache
def load(name: str) -> Profile:
    """Read a profile that comes with signetd. Raises SignetError(PROFILE_UNKNOWN)."""
    if name not in names():
        raise SignetError(
            Reason.PROFILE_UNKNOWN,
            f'there is no token profile "{name}"; there are {", ".join(names())}; '
            "docs/profiles.md tells how to write one",
        )
    text = (resources.files(__package__) / "profiles" / f"{name}.toml").read_text()
    return profile_text.parse(text, f"{name}.toml")


def read(file: Path) -> tuple[Profile, str]:
    """Read a profile of the administrator's; return it with its text.

    Its name is the file's. Raises SignetError(PROFILE_UNKNOWN).
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise profile_text.refused(str(file), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise profile_text.refused(str(file), "is not UTF-8") from None
    found = profile_text.parse(text, str(file))
    if found.name != file.stem or file.suffix != ".toml":
        why = f'its name is "{found.name}", so the file must be called {found.name}.toml'
        raise profile_text.refused(str(file), why)
    return found, text


def read_folder(folder: Path) -> list[Profile]:
    """Read all profiles of a folder of the administrator's. Raises SignetError."""
    return [read(file)[0] for file in sorted(folder.glob("*.toml"))]


def shipped() -> list[Profile]:
    """All the profiles that come with signetd."""
    return [load(name) for name in names()]


def of(settings: TokenSettings) -> Profile:
    """The profile of a token. Raises SignetError(PROFILE_UNKNOWN)."""
    if settings.profile_text:
        return profile_text.parse(settings.profile_text, f"{settings.profile}.toml")
    return load(settings.profile)
