"""What is wrong with a configuration, and where: one problem is one line for the administrator."""

import json
import re
from dataclasses import dataclass, field

from signetd.daemon.config.locate import KeyPath, Locations

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
_LONGEST = 60


@dataclass(frozen=True)
class Problem:
    """One thing to correct.

    `line` counts from 1 and is None when the file does not mention the place; `path` is the key as
    in ("token", 0, "profile"), empty for the file as a whole; `message` is a sentence.
    """

    file: str
    line: int | None
    path: KeyPath
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, path_text(self.path), self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used; `problems` holds every reason that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True)
class Source:
    """The text that a configuration came from, so that later problems can name its lines too."""

    file: str = "configuration"
    locations: Locations = field(default_factory=Locations, repr=False)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem at the line where `path` is written, or its enclosing table."""
        return Problem(self.file, self.locations.line(path), path, message)


class Findings:
    """Collects the problems of one text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def add(self, path: KeyPath, message: str) -> None:
        """Note a problem at the line where `path` is written, or its enclosing table."""
        self.problems.append(self.source.problem(path, message))

    def add_repeated(self, path: KeyPath, first: KeyPath) -> None:
        """Note that the value at `path` was given before, at `first`."""
        self.add(path, f"is used twice: line {self.source.locations.line(first)} has it already.")

    def raise_if_any(self) -> None:
        """Raise ConfigError with all problems in the order of their lines, if there are any."""
        if self.problems:
            raise ConfigError(tuple(sorted(self.problems, key=lambda found: found.line or 0)))


def path_text(path: KeyPath) -> str:
    """`path` as an administrator reads it: token[0].profile, with unusual keys in quotes."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_key_text(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def quoted(text: str) -> str:
    """`text` in double quotes, cut at 60 characters, with what cannot be printed escaped."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _key_text(key: str) -> str:
    return key if _BARE_KEY.match(key) else quoted(key)
