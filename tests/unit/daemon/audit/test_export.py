"""Exports while records are written, and pruning of what they have taken."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signetd.daemon.audit.export import PIECE
from signetd.daemon.audit.types import Event, Kind
from signetd.drivers.errors import Reason, SignetError
from tests.unit.audit.exports import Scene, use, verify, words
from tests.unit.audit.signers import SoftSigner

PRUNE = Event(kind=Kind.PRUNE, operation="AuditService/PruneRecords", allowed=True, result="OK")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Scene(tmp_path / "state", SoftSigner()) as made:
        yield made


async def refusal(scene: Scene, first: int) -> str:
    with pytest.raises(SignetError) as refused:
        await scene.audit.pruner.prune(first, PRUNE)
    assert refused.value.reason is Reason.AUDIT_RANGE_WRONG
    last = scene.store.bodies(scene.audit.ledger.tail.number, None, 1)[0]
    assert b'"AUDIT_RANGE_WRONG"' in last, "the refusal must be in the chain"
    return refused.value.message


async def test_records_that_come_meanwhile_are_not_in_it(scene: Scene) -> None:
    for number in range(700):
        await scene.write(use(f"key-{number % 5}"))
    pieces: list[bytes] = []
    async for piece in scene.audit.exporter.export():
        pieces.append(piece)
        await scene.write(use())
    assert max(map(len, pieces)) <= PIECE
    assert len(pieces) > 4
    report = verify(b"".join(pieces), trusted=[scene.signer.spki])
    assert report.ok, words(report)
    assert report.records == 702


async def test_an_export_begins_where_it_is_asked_to(scene: Scene) -> None:
    await scene.write(use(), use())
    report = verify(await scene.export(first=2), trusted=[scene.signer.spki])
    assert report.ok, words(report)
    assert (report.first, report.last) == (2, 4)


@pytest.mark.parametrize("first", [99, -1])
async def test_an_export_of_what_is_not_there(first: int, scene: Scene) -> None:
    with pytest.raises(SignetError) as refused:
        await scene.export(first=first)
    assert refused.value.reason is Reason.AUDIT_RANGE_WRONG


async def test_only_what_was_taken_completely_counts(scene: Scene) -> None:
    stream = scene.audit.exporter.export()
    await anext(stream)
    await stream.aclose()
    assert scene.store.facts().exported == 0
    await scene.export(first=2)
    assert scene.store.facts().exported == 0, "the record 1 was left out"
    await scene.export()
    exported = scene.audit.ledger.tail.number
    assert scene.store.facts().exported == exported
    await scene.write(use(), use())
    await scene.export(first=exported + 3)
    assert scene.store.facts().exported == exported, "there is a gap"
    await scene.export(first=exported)
    assert scene.store.facts().exported == scene.audit.ledger.tail.number


async def test_a_failing_key_is_told(scene: Scene) -> None:
    scene.signer.failure = SignetError(Reason.TOKEN_LOCKED, "The token is locked.")
    with pytest.raises(SignetError, match="The token is locked"):
        await scene.export()


async def test_what_is_left_after_pruning_is_verifiable(scene: Scene, tmp_path: Path) -> None:
    await scene.write(*[use()] * 20)
    old = await scene.export()
    covered = scene.audit.checkpoints.state.covered
    await scene.audit.pruner.prune(covered + 1, PRUNE)
    await scene.write(use())
    rest = await scene.export()
    for files in ((rest,), (old, await scene.export(first=covered + 2))):
        report = verify(*files, trusted=[scene.signer.spki])
        assert report.ok, words(report)
    assert verify(rest, trusted=[scene.signer.spki]).first == covered + 1
    await scene.audit.close()
    scene.database.close()
    async with Scene(tmp_path / "state", scene.signer) as again:
        assert again.store.facts().first == covered + 1
        report = verify(await again.export(), trusted=[scene.signer.spki])
        assert report.ok, words(report)


async def test_rows_before_the_first_are_deleted(scene: Scene) -> None:
    await scene.write(*[use()] * 5)
    await scene.export()
    await scene.audit.pruner.prune(4, PRUNE)
    task = scene.audit.pruner._task
    assert task is not None
    await task
    assert scene.store.body(3) is None
    assert scene.store.body(4) is not None


async def test_only_what_is_exported_and_covered_is_pruned(scene: Scene) -> None:
    await scene.write(use(), use())
    assert "have taken the records up to 0 only" in await refusal(scene, 3)
    scene.signer.off = True
    await scene.export()
    assert "checkpoints cover the records up to 0 only" in await refusal(scene, 3)
    scene.signer.off = False
    await scene.audit.checkpoints.make()
    await scene.audit.pruner.prune(3, PRUNE)
    assert "begins with the record 3 already" in await refusal(scene, 3)
    assert "begins with the record 3 already" in await refusal(scene, -1)
    assert "have taken the records up to" in await refusal(scene, 10_000)
