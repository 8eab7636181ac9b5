"""What was answered, held against the chains: the checks that decide about a run."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signetd.gm.sm3 import sm3
from tests.chaos.report import Check
from tests.crashes import goods
from tests.crashes.chains import Chains, Json, fits, what_of
from tests.crashes.record import Received, Record, Refused

_EXAMPLES: Final = 3
_BEFORE_THE_DIGEST: Final = frozenset({"PERMISSION_DENIED", "KEY_NOT_FOUND"})
"""Reasons of refusals for which nothing was hashed."""
_ON_ITS_WAY: Final = timedelta(seconds=15)
"""A use counts in the minute in which it is decided; its record can be so much later."""


class Proof:
    """The answers and the chains of one run."""

    def __init__(self, record: Record, chains: Chains, public_keys: dict[str, bytes]) -> None:
        self._record, self._chains = record, chains
        self._keys = public_keys
        self._signatures = chains.signatures()

    def checks(self) -> list[Check]:
        """All of them; each is to find nothing."""
        return [
            _check("signatures received that no record tells of as they came", self._untold()),
            _check("replies that name the same record", self._named_twice()),
            _check("signatures that are not valid", self._invalid()),
            _check("records of a signature that nobody asked for, or was refused", self._unasked()),
            _check("two records of one document", self._doubled()),
            _check("gaps and doubles in the counts of a key", self._counts()),
            _check("keys used beyond their limit in all", self._beyond_keys()),
            _check("minutes in which a key was used beyond its limit", self._beyond_minutes()),
            _check("grants used beyond their limit", self._beyond_grants()),
            _check("approvals used more than once, or a signature without", self._approvals()),
            _check("refusals answered that are in no record", self._refusals()),
        ]

    def without_receiver(self) -> int:
        """Signatures that are in a chain, and reached nobody."""
        return len(self._signatures) - len(self._record.received)

    def _untold(self) -> Iterator[str]:
        for it in self._record.received:
            record = self._chains.of(it)
            if record is None or not fits(record, it.asked, sm3(it.signature).hex()):
                yield f"{it.asked.daemon} {it.number}: {it.asked.what}, the record: {record}"

    def _named_twice(self) -> Iterator[str]:
        counts = Counter((it.asked.daemon, it.number) for it in self._record.received)
        yield from (f"{place}: {count} replies" for place, count in counts.items() if count > 1)

    def _invalid(self) -> Iterator[str]:
        keys = {name: load_der_public_key(spki) for name, spki in self._keys.items()}
        for it in self._record.received:
            if not _is_valid(keys[it.asked.key], it):
                yield f"{it.asked.daemon} {it.number}: {it.asked.what}"

    def _unasked(self) -> Iterator[str]:
        asked = {it.what for it in self._record.unanswered}
        received = {it.asked.what for it in self._record.received}
        for place, record in self._signatures.items():
            if what_of(record) not in asked | received:
                yield f"{place}: {what_of(record)}"

    def _doubled(self) -> Iterator[str]:
        counts = Counter(what_of(record) for record in self._signatures.values())
        yield from (f"{what}: {count} records" for what, count in counts.items() if count > 1)

    def _counts(self) -> Iterator[str]:
        for key, records in self._by("resource").items():
            uses = sorted(record.get("use", 0) for record in records)
            wanted = range(1, len(uses) + 1)
            wrong = next((it for it in zip(uses, wanted, strict=True) if it[0] != it[1]), None)
            if wrong:
                yield f"{key}: {wrong[0]} where {wrong[1]} must be"

    def _beyond_keys(self) -> Iterator[str]:
        for key, records in self._by("resource").items():
            if key.startswith("keys/capped-") and len(records) > goods.CAPPED_USES:
                yield f"{key}: {len(records)} of {goods.CAPPED_USES}"

    def _beyond_minutes(self) -> Iterator[str]:
        records = self._by("resource").get(f"keys/{goods.MINUTE}", [])
        for minute, count in minutes(records).items():
            if count > goods.MINUTE_USES:
                yield f"{minute}: {count} of {goods.MINUTE_USES}"

    def _beyond_grants(self) -> Iterator[str]:
        limited = {record["grant"] for record in self._signatures.values() if _is_limited(record)}
        for grant, records in self._by("grant").items():
            if grant in limited and len(records) > goods.GRANT_USES:
                yield f"{grant}: {len(records)} of {goods.GRANT_USES}"

    def _approvals(self) -> Iterator[str]:
        for approval, records in self._by("approval").items():
            if approval and len(records) > 1:
                yield f"{approval}: {len(records)} times"
            if not approval:
                needed = [it for it in records if it["resource"] == f"keys/{goods.APPROVED}"]
                yield from (f"{what_of(record)} without an approval" for record in needed)

    def _refusals(self) -> Iterator[str]:
        answered = Counter((_refused(it), it.reason) for it in self._record.refused)
        for key, count in answered.items():
            if self._chains.refusals[key] < count:
                yield f"{key}: answered {count} times, {self._chains.refusals[key]} records"

    def _by(self, name: str) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = defaultdict(list)
        for record in self._signatures.values():
            found[record.get(name, "")].append(record)
        return found


def _refused(it: Refused) -> tuple[str, str]:
    resource, digest = it.asked.what
    return resource, "" if it.reason in _BEFORE_THE_DIGEST else digest


def minutes(records: list[Json]) -> dict[datetime, int]:
    """Count uses by the minute of their decision, in favour of the daemon where that is unknown."""
    counts: dict[datetime, int] = defaultdict(int)
    for moment in sorted(_time(record) for record in records):
        minute = moment.replace(second=0, microsecond=0)
        before = minute - timedelta(minutes=1)
        late = moment - minute < _ON_ITS_WAY and counts[before] < goods.MINUTE_USES
        counts[before if late else minute] += 1
    return counts


def _time(record: Json) -> datetime:
    return datetime.fromisoformat(record["time"]).astimezone(UTC)


def _is_limited(record: Json) -> bool:
    return bool(record["identity"] == "granted")


def _is_valid(key: object, received: Received) -> bool:
    assert isinstance(key, ec.EllipticCurvePublicKey), "all keys of a run are of P-256"
    try:
        key.verify(received.signature, received.asked.document, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _check(what: str, found: Iterator[str]) -> Check:
    all_found = list(found)
    return Check(what, len(all_found), 0, tuple(all_found[:_EXAMPLES]))
