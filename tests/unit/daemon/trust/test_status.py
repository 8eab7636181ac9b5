"""What this daemon knows of a seal counts when the seal is judged, at the time it was used."""

from datetime import datetime
from typing import Any

import pytest

from signetd.api.v1 import verification_service_pb2 as messages
from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import (
    Act,
    Owner,
    RegisteredSeal,
    SealKind,
    SealOrigin,
    SealPicture,
    SealState,
)
from signetd.gm.sm3 import sm3
from signetd.seal import Format
from tests.unit.daemon.trust.regions import EAST, list_of, seal_of, stamp_of
from tests.unit.daemon.trust.scene import Scene, failed, results
from tests.unit.pki.making import DAY
from tests.unit.seal import workshop

LISTED = "trustLists/east"


@pytest.fixture
async def knowing(scene: Scene) -> Scene:
    """A daemon that recognises the east, and has one of its seals: imported, not filed."""
    await scene.take("east", list_of(EAST))
    der = seal_of(EAST)
    seal = RegisteredSeal(
        id="company",
        state=SealState.MADE,
        kind=SealKind.LEGAL_NAME,
        origin=SealOrigin.IMPORTED,
        title="公司",
        owner=Owner(name="公司", code="91330100799655058B"),
        seal_id="e-1",
        format=Format.V4,
        picture=SealPicture(kind="png", width=40, height=40),
        valid_from=workshop.SEAL_LIFE[0],
        valid_until=workshop.SEAL_LIFE[1],
        applicant="security",
        der=der,
        sm3=sm3(der).hex(),
        create_time=workshop.MADE,
        update_time=workshop.MADE,
    )
    _carry_out(scene, scene.database.seals.add(seal, Step(act=Act.IMPORT, identity="s")), -59)
    return scene


def _carry_out(scene: Scene, effect: Any, days: float) -> None:
    with scene.database.transaction("The test") as connection:
        effect(connection, scene.now + days * DAY)


def do(scene: Scene, act: Act, days: float) -> None:
    """Have something done to the seal, so many days from now."""
    seen = scene.database.seals.get("company")
    assert seen is not None
    values = {"filing_number": "F-1"} if act is Act.FILE else {}
    step = Step(act=act, identity="s", reason="because", values=values)
    _carry_out(scene, scene.database.seals.move(seen, step), days)


async def judged(scene: Scene, time: datetime | None = None) -> Any:
    return await scene.call("VerifySeal", seal=seal_of(EAST), trust_list=LISTED, time=time)


async def test_a_seal_that_is_in_use_here_is_said_to_be(knowing: Scene) -> None:
    do(knowing, Act.FILE, -40)
    report = await judged(knowing)
    assert report.good, failed(report)
    assert results(report)["SEAL_STATUS"] == messages.CHECK_RESULT_PASSED


async def test_a_seal_that_nobody_has_filed_is_none_to_rely_on(knowing: Scene) -> None:
    assert failed(await judged(knowing)) == {"SEAL_STATUS"}


@pytest.mark.parametrize("act", [Act.SUSPEND, Act.CANCEL])
async def test_a_seal_that_was_ended_is_bad_though_all_of_it_verifies(
    knowing: Scene, act: Act
) -> None:
    do(knowing, Act.FILE, -40)
    do(knowing, act, -1)
    report = await judged(knowing)
    assert failed(report) == {"SEAL_STATUS"}
    assert "because" not in str(report), "why it was done is not everybody's business"


async def test_a_stamp_counts_by_what_the_seal_was_when_it_was_made(knowing: Scene) -> None:
    """It was signed 30 days ago."""
    do(knowing, Act.FILE, -40)
    do(knowing, Act.CANCEL, -1)
    stamp = stamp_of(EAST)
    report = await knowing.call("VerifyStamp", stamp=stamp, trust_list=LISTED)
    assert report.good, failed(report)


async def test_a_stamp_of_a_seal_that_was_suspended_then_is_bad(knowing: Scene) -> None:
    do(knowing, Act.FILE, -40)
    do(knowing, Act.SUSPEND, -35)
    do(knowing, Act.RESUME, -20)
    assert (await judged(knowing)).good
    report = await knowing.call("VerifyStamp", stamp=stamp_of(EAST), trust_list=LISTED)
    assert failed(report) == {"SEAL_STATUS"}


async def test_of_a_time_to_come_the_status_of_now_is_told(knowing: Scene) -> None:
    do(knowing, Act.FILE, -40)
    report = await judged(knowing, knowing.now + DAY / 2)
    assert results(report)["SEAL_STATUS"] == messages.CHECK_RESULT_PASSED


async def test_of_others_seals_nothing_is_said(scene: Scene) -> None:
    await scene.take("east", list_of(EAST))
    report = await judged(scene)
    assert report.good
    assert results(report)["SEAL_STATUS"] == messages.CHECK_RESULT_NOT_CHECKED
