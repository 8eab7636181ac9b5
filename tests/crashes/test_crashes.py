"""The short form of the runs with crashes and a full disk, and that the proof can fail."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signetd.client import SignetdError
from signetd.gm.sm3 import sm3
from tests.crashes import clusters, disk, fillings, goods, run, show
from tests.crashes.chains import Chains
from tests.crashes.proof import Proof
from tests.crashes.record import Asked, Received, Record

SEED = 20261125


@pytest.mark.timeout(240)
def test_nothing_is_bent_by_kills_of_the_daemon() -> None:
    result = run.run(clusters.sqlite, rounds=4, seed=SEED, loaded=(0.1, 0.8))
    assert result.ok, show.as_text(result)


@pytest.mark.timeout(240)
def test_nothing_is_signed_while_the_disk_is_full_and_then_it_goes_on() -> None:
    result = disk.run(fillings.size_limit, rounds=1, seed=SEED)
    assert result.ok, show.as_text(result)


PRIVATE = ec.generate_private_key(ec.SECP256R1())
SPKI = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
CAPPED = "capped-signetd-1"
KEYS = dict.fromkeys([goods.PLAIN, goods.MINUTE, goods.APPROVED, CAPPED], SPKI)


class World:
    """Answers and a chain that agree, until a test changes them."""

    def __init__(self) -> None:
        self.record, self.chains = Record(), Chains()
        self.number = 0

    def asked(self, key: str = goods.PLAIN, identity: str = "all", **changes: Any) -> Asked:
        document = f"document {self.number}".encode()
        digest = hashlib.sha256(document).hexdigest()
        return Asked("signetd", key, identity, document, digest, **changes)

    def write(self, asked: Asked, signature: bytes = b"", **changes: Any) -> None:
        """Write the record of a signature."""
        self.number += 1
        use = 1 + sum(it["resource"] == f"keys/{asked.key}" for it in self.chains.records.values())
        record = {
            **{"chain": "signetd", "number": self.number, "kind": "use", "operation": "sign"},
            **{"time": "2026-11-25T13:45:30.000000Z", "allowed": True, "result": "OK"},
            **{"identity": asked.identity, "resource": f"keys/{asked.key}", "use": use},
            **{"digest": asked.digest, "approval": asked.approval, "grant": "g"},
            "signature_digest": sm3(signature).hex(),
        }
        self.chains.add(record | changes)

    def sign(self, **changes: Any) -> Received:
        """Have a signature made, written and received."""
        asked = self.asked(**changes)
        signature = PRIVATE.sign(asked.document, ec.ECDSA(hashes.SHA256()))
        self.write(asked, signature)
        self.record.receive(asked, self.number, signature)
        return self.record.received[-1]

    def found(self) -> list[str]:
        """The checks that found something."""
        checks = Proof(self.record, self.chains, KEYS).checks()
        return [check.what for check in checks if not check.ok]


@pytest.fixture
def world() -> World:
    world = World()
    world.sign()
    world.sign(key=goods.APPROVED, approval="approvals/a")
    world.record.fail(world.asked(key=CAPPED), SignetdError("no", reason="CONNECTION_FAILED"))
    world.write(world.asked(key=CAPPED))
    assert world.found() == []
    return world


def test_a_received_signature_without_its_record_is_found(world: World) -> None:
    world.record.received.append(replace(world.record.received[0], number=99))
    assert world.found() == ["signatures received that no record tells of as they came"]


def test_a_record_of_another_signature_is_found(world: World) -> None:
    first = world.record.received[0]
    again = PRIVATE.sign(first.asked.document, ec.ECDSA(hashes.SHA256()))
    world.record.received[0] = replace(first, signature=again)
    assert world.found() == ["signatures received that no record tells of as they came"]


def test_two_replies_with_one_number_are_found(world: World) -> None:
    world.record.received.append(world.record.received[0])
    assert world.found() == ["replies that name the same record"]


def test_a_signature_of_another_document_is_found(world: World) -> None:
    asked = world.asked()
    world.write(asked, b"nonsense")
    world.record.receive(asked, world.number, b"nonsense")
    assert world.found() == ["signatures that are not valid"]


def test_a_record_that_nobody_caused_is_found(world: World) -> None:
    world.write(world.asked())
    assert world.found() == ["records of a signature that nobody asked for, or was refused"]


def test_a_signature_that_was_made_twice_is_found(world: World) -> None:
    world.write(world.record.received[0].asked)
    assert world.found() == ["two records of one document"]


def test_a_count_that_is_missing_is_found(world: World) -> None:
    asked = world.asked()
    world.record.unanswered.append(asked)
    world.write(asked, use=3)
    assert world.found() == ["gaps and doubles in the counts of a key"]


@pytest.mark.parametrize(
    ("key", "identity", "limit", "what"),
    [
        (CAPPED, "all", goods.CAPPED_USES - 1, "keys used beyond their limit in all"),
        (
            goods.MINUTE,
            "all",
            goods.MINUTE_USES,
            "minutes in which a key was used beyond its limit",
        ),
        (goods.PLAIN, "granted", goods.GRANT_USES - 3, "grants used beyond their limit"),
    ],
)
def test_a_use_beyond_a_limit_is_found(
    key: str, identity: str, limit: int, what: str, world: World
) -> None:
    for _ in range(limit):
        world.sign(key=key, identity=identity)
    assert world.found() == []
    world.sign(key=key, identity=identity)
    assert world.found() == [what]


def test_an_approval_that_is_used_twice_or_missing_is_found(world: World) -> None:
    what = "approvals used more than once, or a signature without"
    world.sign(key=goods.APPROVED)
    assert world.found() == [what]
    world.chains.records.popitem()
    world.record.received.pop()
    assert world.found() == []
    world.sign(key=goods.APPROVED, approval="approvals/a")
    assert world.found() == [what]


def test_a_refusal_that_is_not_written_down_is_found(world: World) -> None:
    asked = world.asked()
    world.record.fail(asked, SignetdError("no", reason="LIMIT_REACHED"))
    assert world.found() == ["refusals answered that are in no record"]
    world.write(asked, allowed=False, result="LIMIT_REACHED")
    assert world.found() == []
