"""Seals of any issuer are judged: by whose list, with what is known here, and what is refused."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import verification_service_pb2 as messages
from signetd.daemon.config.schema import Seals, Timestamps
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3
from signetd.pki import Certificate, RevocationList, TrustStore
from signetd.seal import Result, Rules, Trust, Verdict
from signetd.seal.trust_list_text import text
from tests.unit.daemon.places import new_database
from tests.unit.daemon.trust import regions
from tests.unit.daemon.trust.regions import EAST, WEST, list_of, seal_of, stamp_of
from tests.unit.daemon.trust.scene import Scene, failed, opened, results
from tests.unit.pki import evidence
from tests.unit.seal import test_verify_vectors, workshop
from tests.vectors.seals import loading

LISTED = "trustLists/east"


@pytest.fixture
async def recognising(scene: Scene) -> Scene:
    """A daemon with the lists of two regions."""
    await scene.take("east", list_of(EAST))
    await scene.take("west", list_of(WEST))
    return scene


@pytest.fixture
async def fixtures(tmp_path: Path) -> AsyncIterator[Scene]:
    """A daemon that trusts the roots of the fixtures, by its configuration."""
    folder = loading.FOLDER
    config = Seals(
        makers=folder / "trust",
        signers=folder / "trust",
        intermediates=folder / "intermediates",
        crls=folder / "crls",
    )
    database = new_database(tmp_path / "fixtures")
    # Whom to believe the time; nobody is asked for one.
    timestamps = Timestamps(urls=(), trust=folder / "trust")
    async with opened(database, config, timestamps=timestamps) as made:
        yield made
    database.close()


@pytest.mark.parametrize("house", [EAST, WEST], ids=["of the east", "of the west"])
async def test_a_seal_is_good_by_its_regions_list_and_bad_by_the_others(
    recognising: Scene, house: workshop.House
) -> None:
    home, abroad = ("east", "west") if house is EAST else ("west", "east")
    good = await recognising.call(
        "VerifySeal", seal=seal_of(house), trust_list=f"trustLists/{home}"
    )
    assert good.good, failed(good)
    assert good.trust_list == f"trustLists/{home}/versions/1"
    bad = await recognising.call(
        "VerifySeal", seal=seal_of(house), trust_list=f"trustLists/{abroad}"
    )
    # The signature is its maker's all the same; nobody there vouches for the maker.
    assert not bad.good
    assert failed(bad) == {"MAKER_CERTIFICATE", "MAKER_TRUSTED"}
    assert results(bad)["SEAL_SIGNATURE"] == messages.CHECK_RESULT_PASSED


async def test_a_stamp_is_judged_with_its_seal_and_its_document(recognising: Scene) -> None:
    stamp, wanted = stamp_of(EAST), {"trust_list": LISTED}
    good = await recognising.call(
        "VerifyStamp", stamp=stamp, document_digest=workshop.DOCUMENT, **wanted
    )
    assert good.good, failed(good)
    other = await recognising.call("VerifyStamp", stamp=stamp, document_digest=bytes(32), **wanted)
    assert failed(other) == {"DOCUMENT_DIGEST"}
    without = await recognising.call("VerifyStamp", stamp=stamp, **wanted)
    assert without.good
    assert results(without)["DOCUMENT_DIGEST"] == messages.CHECK_RESULT_NOT_CHECKED
    abroad = await recognising.call("VerifyStamp", stamp=stamp, trust_list="trustLists/west")
    assert {"MAKER_CERTIFICATE", "SIGNER_CERTIFICATE"} <= failed(abroad)


async def test_a_seal_of_the_west_on_which_the_east_has_stamped_is_bad_by_both(
    recognising: Scene,
) -> None:
    stamp = stamp_of(EAST, seal_of(WEST))
    for name in ("east", "west"):
        report = await recognising.call("VerifyStamp", stamp=stamp, trust_list=f"trustLists/{name}")
        assert "SIGNER_IN_SEAL" in failed(report)


async def test_a_list_that_names_makers_accepts_no_others(scene: Scene) -> None:
    maker = Certificate.read(regions.maker_of(EAST).der)
    await scene.take("east", list_of(EAST, accepted=(maker.fingerprint.upper(),)))
    assert (await scene.call("VerifySeal", seal=seal_of(EAST), trust_list=LISTED)).good
    await scene.take("east", list_of(EAST, accepted=("00" * 32,)))
    report = await scene.call("VerifySeal", seal=seal_of(EAST), trust_list=LISTED)
    assert failed(report) == {"MAKER_TRUSTED"}
    assert report.trust_list == "trustLists/east/versions/2"


async def test_without_a_configuration_nobody_is_trusted(scene: Scene) -> None:
    report = await scene.call("VerifySeal", seal=seal_of(EAST))
    assert not report.good and report.trust_list == ""
    assert failed(report) == {"MAKER_CERTIFICATE", "MAKER_TRUSTED"}


async def test_the_configured_revocation_lists_count_for_trust_lists_too(tmp_path: Path) -> None:
    trust = regions.trust_of(EAST)
    bare = text(Trust(makers=trust.makers, signers=trust.signers), name="east").encode()
    names = ("root_crl", "ca_crl")
    crls = regions.write(tmp_path / "crls", **dict(zip(names, EAST.lists(), strict=True)))
    between = regions.write(tmp_path / "between", ca_der=EAST.ca.der)
    database = new_database(tmp_path / "state")
    async with opened(database, Seals(intermediates=between, crls=crls)) as scene:
        await scene.take("east", bare)
        report = await scene.call("VerifySeal", seal=seal_of(EAST), trust_list=LISTED)
        assert report.good, failed(report)
        (crls / "ca.crl").unlink()
        report = await scene.call("VerifySeal", seal=seal_of(EAST), trust_list=LISTED)
        assert failed(report) == {"MAKER_REVOCATION"}
        assert str(tmp_path) not in str(report), "callers are not to learn the machine's paths"
    database.close()


async def test_a_region_of_the_openssl_command_is_recognised(scene: Scene, tmp_path: Path) -> None:
    region = regions.OpensslRegion(regions.write(tmp_path / "openssl"))
    scene.now = datetime.now(scene.now.tzinfo) + timedelta(seconds=2)
    seal = region.seal()
    bundle = b"".join(region.made.read(name) for name in ("root", "ca"))
    await scene.take("openssl", bundle)
    report = await scene.call("VerifySeal", seal=seal, trust_list="trustLists/openssl")
    # A bundle has no revocation lists, and the configuration asks for them.
    assert failed(report) == {"MAKER_REVOCATION"}
    region.made.revoke()
    crls = region.made.revocation_list("ca")
    pem = [region.made.read(name).decode() for name in ("root", "ca")]
    listed = "\n".join(
        [
            'format = "signetd-trust-list-1"',
            'name = "openssl"',
            f'makers = """{pem[1]}"""',
            f'crls = """{crls.decode()}"""',
        ]
    )
    scene.now = datetime.now(scene.now.tzinfo) + timedelta(seconds=2)
    await scene.take("openssl", listed.encode())
    report = await scene.call("VerifySeal", seal=seal, trust_list="trustLists/openssl")
    assert report.good, failed(report)
    assert report.trust_list.endswith("/versions/2")


@pytest.mark.parametrize("rules", test_verify_vectors.BOTH)
async def test_every_fixture_is_judged_as_offline(fixtures: Scene, rules: Rules) -> None:
    """What it must be is in the manifest, and tested with tests/unit/seal/test_verify_vectors."""
    store = TrustStore.read(loading.FOLDER / "trust", "roots")
    for case in loading.cases():
        if not case.data:
            continue
        offline = test_verify_vectors.judged(case, rules, (store, loading.surroundings()))
        given: dict[str, Any] = {"time": case.at, "rules": list(Rules).index(rules) + 1}
        if case.kind == "seal":
            report = await fixtures.call("VerifySeal", seal=case.data, **given)
        else:
            digest = sm3(case.original)
            given["document_digest"] = digest
            report = await fixtures.call("VerifyStamp", stamp=case.data, **given)
        assert report.good is (offline.verdict is Verdict.GOOD), case.name
        assert report.rules == given["rules"]
        found = [
            (each.name, each.about, each.result, each.reason_zh != "", each.clause)
            for each in report.checks
        ]
        assert found == [
            (each.name, each.about, RESULTS[each.result], True, each.clause)
            for each in offline.checks
        ], case.name


RESULTS = {
    Result.PASSED: messages.CHECK_RESULT_PASSED,
    Result.FAILED: messages.CHECK_RESULT_FAILED,
    Result.WARNING: messages.CHECK_RESULT_WARNING,
    Result.NOT_CHECKED: messages.CHECK_RESULT_NOT_CHECKED,
}
GARBAGE = {
    "a byte": b"0",
    "text": "不是印章".encode(),
    "an endless length": b"\x30\x84\xff\xff\xff\xff",
    "deep": b"\x30\x80" * 100_000,
    "zeros": bytes(2 << 20),
    "much of nothing": b"\x30\x83\x1f\xff\xfb" + b"\x05\x00" * ((2 << 20) // 2 - 3),
    "noise": os.urandom(1 << 20),
}


@pytest.mark.parametrize("method", ["VerifySeal", "VerifyStamp"])
@pytest.mark.parametrize("name", GARBAGE)
async def test_what_is_no_seal_is_an_answer(fixtures: Scene, method: str, name: str) -> None:
    field = method.removeprefix("Verify").lower()
    given: dict[str, Any] = {field: GARBAGE[name]}
    report = await fixtures.call(method, **given)
    assert not report.good
    assert failed(report) == {"FORMAT"}


async def test_a_seal_given_as_a_stamp_is_no_stamp(fixtures: Scene) -> None:
    seal, stamp = loading.case("v4-unit").data, loading.case("v4-stamp-unit").data
    assert failed(await fixtures.call("VerifyStamp", stamp=seal)) == {"FORMAT"}
    assert failed(await fixtures.call("VerifySeal", seal=stamp)) == {"FORMAT"}


@pytest.mark.parametrize(
    ("method", "fields", "reason", "said"),
    [
        ("VerifySeal", {"seal": b""}, Reason.INPUT_MISSING, "seal is missing"),
        ("VerifySeal", {"seal": bytes((2 << 20) + 1)}, Reason.MESSAGE_TOO_LARGE, "2097152 are"),
        ("VerifyStamp", {"stamp": b""}, Reason.INPUT_MISSING, "stamp is missing"),
        ("VerifyStamp", {"document_digest": b""}, Reason.DIGEST_LENGTH_WRONG, "has 0 bytes"),
        ("VerifyStamp", {"document_digest": bytes(31)}, Reason.DIGEST_LENGTH_WRONG, "31 bytes"),
        ("VerifySeal", {"rules": 9}, Reason.INPUT_INVALID, "rules has the number 9"),
        ("VerifySeal", {"trust_list": "east"}, Reason.INPUT_INVALID, "trustLists/"),
        ("VerifySeal", {"trust_list": "trustLists/no"}, Reason.TRUST_LIST_NOT_FOUND, "'no'"),
        ("VerifySeal", {"time": {"seconds": 1 << 60}}, Reason.INPUT_INVALID, "time is not"),
    ],
)
async def test_what_cannot_be_judged_is_refused_by_its_field(
    scene: Scene, method: str, fields: dict[str, Any], reason: Reason, said: str
) -> None:
    field = method.removeprefix("Verify").lower()
    with pytest.raises(SignetError, match=said) as caught:
        await scene.call(method, **{field: b"x", **fields})
    assert caught.value.reason is reason


@pytest.mark.parametrize("year", [1, 9999])
async def test_no_time_is_too_early_or_too_late(fixtures: Scene, year: int) -> None:
    time = datetime(year, 12 if year > 1 else 1, 1)
    stamp, seal = loading.case("v4-stamp-unit").data, loading.case("v4-unit").data
    assert not (await fixtures.call("VerifySeal", seal=seal, time=time)).good
    assert (await fixtures.call("VerifyStamp", stamp=stamp, time=time)).checks


async def test_a_time_that_is_over_is_judged_by_the_lists_of_today(scene: Scene) -> None:
    """A list of then is what nobody has any more."""
    maker = Certificate.read(regions.maker_of(EAST).der)
    since = scene.now - timedelta(days=5)
    revoked = (maker.serial, since, [evidence.reason("superseded")])
    trust = regions.trust_of(EAST)
    lists = [RevocationList.read(each) for each in EAST.lists(revoked)]
    written = text(
        Trust(makers=trust.makers, signers=trust.signers, others=trust.others, lists=lists),
        name="x",
    )
    await scene.take("east", written.encode())
    judge: dict[str, Any] = {"seal": seal_of(EAST), "trust_list": LISTED}
    assert failed(await scene.call("VerifySeal", **judge)) == {"MAKER_REVOCATION"}
    for days, good in ((4, False), (6, True), (20, True)):
        time = scene.now - timedelta(days=days)
        report = await scene.call("VerifySeal", **judge, time=time)
        assert report.good is good, (days, failed(report))


async def test_the_event_loop_runs_on_while_seals_are_judged(fixtures: Scene) -> None:
    """Others are answered meanwhile: a tick is late by the switching of threads, and no more."""
    case, late = loading.case("v4-stamp-unit"), []
    loop = asyncio.get_running_loop()

    async def tick() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            late.append(loop.time() - before)

    ticking = asyncio.create_task(tick())
    calls = [
        fixtures.call("VerifyStamp", who=f"client-{n}", stamp=case.data, time=case.at)
        for n in range(20)
    ]
    reports = await asyncio.gather(*calls)
    ticking.cancel()
    assert all(each.good for each in reports)
    assert len(late) > len(reports), "the loop stood still while seals were judged"


async def test_imports_are_judged_by_the_same_rules(recognising: Scene) -> None:
    await recognising.verifier.verify(seal_of(EAST), LISTED)
    with pytest.raises(SignetError, match=r"does not verify: .* \(MAKER_CERTIFICATE\)") as caught:
        await recognising.verifier.verify(seal_of(EAST), "trustLists/west")
    assert caught.value.reason is Reason.SEAL_INVALID
    with pytest.raises(SignetError) as caught:
        await recognising.verifier.verify(seal_of(EAST), "trustLists/nowhere")
    assert caught.value.reason is Reason.TRUST_LIST_NOT_FOUND
    with pytest.raises(SignetError, match=r"does not verify"):
        await recognising.verifier.verify(seal_of(EAST), "")
