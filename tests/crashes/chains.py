"""The chains as they were exported, in a form in which they can be compared with the answers."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.crashes.record import Asked, Received

Json = dict[str, Any]
What = tuple[str, str]


@dataclass(frozen=True)
class Place:
    """One record of one daemon."""

    daemon: str
    number: int


@dataclass
class Chains:
    """The records of all daemons, by what they tell of; a refusal may come before the digest."""

    records: dict[Place, Json] = field(default_factory=dict)
    refusals: dict[tuple[What, str], int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def read(cls, files: Iterable[Path]) -> Self:
        """Read exports, which somebody else verifies."""
        chains = cls()
        for file in files:
            for line in file.read_bytes().splitlines()[1:-1]:
                chains.add(json.loads(line))
        return chains

    def add(self, record: Json) -> None:
        """Take one record."""
        self.records[Place(record["chain"], record["number"])] = record
        if not is_signature(record):
            key = (record.get("resource", ""), record.get("digest", "")), record["result"]
            self.refusals[key] += 1

    def signatures(self) -> dict[Place, Json]:
        """The records of signatures."""
        return {place: it for place, it in self.records.items() if is_signature(it)}

    def of(self, received: Received) -> Json | None:
        """The record that a reply names."""
        return self.records.get(Place(received.asked.daemon, received.number))


def is_signature(record: Json) -> bool:
    """Whether a record tells of a signature that was released."""
    return (record["kind"], record["operation"], record["result"]) == ("use", "sign", "OK")


def what_of(record: Json) -> What:
    """What a record tells of, as ``Asked.what``."""
    return record["resource"], record.get("digest", "")


def fits(record: Json, asked: Asked, signature_digest: str) -> bool:
    """Whether a record says exactly what a client knows."""
    said = {
        "kind": "use",
        "operation": "sign",
        "allowed": True,
        "result": "OK",
        "identity": asked.identity,
        "resource": f"keys/{asked.key}",
        "digest": asked.digest,
        "signature_digest": signature_digest,
        "approval": asked.approval,
    }
    return all(record.get(name, "") == value for name, value in said.items())
