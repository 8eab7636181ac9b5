"""The chain itself: what a record's bytes are, and how each is bound to the one before. Pure.

A record is canonical JSON: UTF-8, keys sorted, no spaces, only texts, integers and booleans, and
fields that have their default left out. Its hash is SM3 of exactly these bytes.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from signetd.daemon.audit.types import Event, Kind
from signetd.gm.sm3 import sm3

ZERO_HASH: Final = "0" * 64
"""Stands as ``previous`` in the first record of a chain."""
USES: Final = frozenset({"sign", "stamp", "make-seal"})
"""The operations that sign with the key that their record is about."""
_encoder: Final = msgspec.json.Encoder(order="sorted")


class CheckpointEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What a checkpoint says besides: what it covers, and the signature over its statement.

    ``covers_number`` and ``covers_hash`` are those of the last record that it covers; records may
    stand between that one and the checkpoint. ``checkpoint_time`` is when it was signed. ``key`` is
    the SHA-256 fingerprint of the SubjectPublicKeyInfo in lower-case hex, ``key_spki`` that
    itself in DER and base64, ``signature`` lower-case hex (DER for SM2 and ECDSA).
    """

    covers_number: int = 0
    covers_hash: str = ""
    checkpoint_time: str = ""
    key: str = ""
    key_spki: str = ""
    signature: str = ""


class Record(CheckpointEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A record as it is hashed. ``use`` counts the uses of a signing key, this one included."""

    chain: str
    number: int
    time: str
    previous: str
    use: int = 0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record is: its number from 1, its hash in lower-case hex, its time."""

    number: int
    hash: str
    time: datetime


START: Final = Place(number=0, hash=ZERO_HASH, time=datetime.min.replace(tzinfo=UTC))
"""The place before the first record."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A record that has its place: what it says, its bytes, and where it is."""

    record: Record
    body: bytes
    place: Place


def link(
    chain: str, event: Event, before: Place, now: datetime, use: int = 0, grant: str = ""
) -> Link:
    """Return the record of *event* that follows *before*; its time never goes back.

    *grant*, where it is given, takes the place of the event's own.
    """
    moment = max(now, before.time)
    fields = msgspec.structs.asdict(event)
    if grant:
        fields["grant"] = grant
    record = Record(
        **fields,
        chain=chain,
        number=before.number + 1,
        time=write_time(moment),
        previous=before.hash,
        use=use,
    )
    body = encode(record)
    place = Place(number=record.number, hash=hash_of(body), time=moment)
    return Link(record=record, body=body, place=place)


def encode(value: Record | Event | dict[str, str | int | bool]) -> bytes:
    """Return the canonical bytes; raises UnicodeEncodeError for a text that has no UTF-8."""
    return _encoder.encode(value)


def decode(body: bytes) -> Record:
    """Read a record; raises ValueError unless *body* is what `encode` writes."""
    record = msgspec.json.decode(body, type=Record)
    if encode(record) != body:
        raise ValueError("the bytes are not the canonical form of the record")
    return record


def hash_of(body: bytes) -> str:
    """Return the hash of a record's bytes: SM3 in lower-case hex."""
    return sm3(body).hex()


def place_of(body: bytes) -> Place:
    """Return the place of a record that is in a chain; raises ValueError as `decode` does."""
    record = decode(body)
    return Place(number=record.number, hash=hash_of(body), time=read_time(record.time))


@lru_cache(maxsize=64)  # the records of a group have one time
def write_time(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, with microseconds and `Z`."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text + "Z"


def read_time(text: str) -> datetime:
    """Read what `write_time` wrote; raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def statement(*, chain: str, covers: Place, time: str, key: str, algorithm: str) -> bytes:
    """Return the bytes that a checkpoint's signature is over."""
    return encode(
        {
            "type": "checkpoint",
            "chain": chain,
            "covers_number": covers.number,
            "covers_hash": covers.hash,
            "time": time,
            "key": key,
            "algorithm": algorithm,
        }
    )


def counts_use(event: Event) -> bool:
    """Whether *event* is a use of a key that its counter must show: a signature that came about."""
    return (
        event.kind is Kind.USE
        and event.operation in USES
        and event.allowed
        and event.result == "OK"
        and event.resource.startswith("keys/")
    )
