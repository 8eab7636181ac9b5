"""What a verification found."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

SHOWN: Final = 100
"""Problems that are kept with their words; the others are only counted."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: ``line`` counts from 1, 0 is the whole file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.text}"


@dataclass
class Report:
    """What was read and what is wrong; ``ok`` only if all was as it must be."""

    chain: str = ""
    files: int = 0
    records: int = 0
    first: int = 0
    last: int = 0
    first_time: str = ""
    last_time: str = ""
    checkpoints: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    denied: int = 0
    uses: Counter[str] = field(default_factory=Counter)
    """By resource name of the key: how many signatures the records tell of."""
    keys: dict[str, str] = field(default_factory=dict)
    """Keys that have signed, by fingerprint: `trusted` or `unknown`."""
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    untrusted: int = 0
    """How many of the problems are signatures with a key that is not among the trusted ones."""
    notices: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem_count == 0

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it if it is among the first."""
        self.problem_count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(problem)

    def notice(self, text: str) -> None:
        """Tell something that is no problem, once."""
        if text not in self.notices:
            self.notices.append(text)

    def values(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {
            "ok": self.ok,
            "chain": self.chain,
            "files": self.files,
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "first_time": self.first_time,
            "last_time": self.last_time,
            "checkpoints": self.checkpoints,
            "kinds": dict(sorted(self.kinds.items())),
            "denied": self.denied,
            "uses": dict(sorted(self.uses.items())),
            "keys": self.keys,
            "notices": self.notices,
            "problem_count": self.problem_count,
            "problems": [vars(each) for each in self.problems],
        }
