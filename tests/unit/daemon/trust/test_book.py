"""Trust lists are imported, versioned and retired, on real databases and with a real audit."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from signetd.daemon.state import trust_lists
from signetd.daemon.state.seal_tables import TRUST_LISTS
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3
from tests.unit.daemon.places import SharedPlace
from tests.unit.daemon.trust.regions import EAST, WEST, list_of
from tests.unit.daemon.trust.scene import Scene, opened


async def refusal(scene: Scene, method: str, **fields: Any) -> SignetError:
    with pytest.raises(SignetError) as caught:
        await scene.call(method, **fields)
    return caught.value


async def test_each_import_is_a_version_and_the_old_ones_are_kept(every: Scene) -> None:
    first = await every.take("east", list_of(EAST))
    second = await every.take("east", list_of(EAST, accepted=("ab" * 32,)), comment="newer")
    assert (first.version, first.roots, first.makers) == (1, 1, 0)
    assert (second.version, second.roots, second.makers) == (2, 1, 1)
    assert first.sm3 == sm3(list_of(EAST)).hex() and not first.content
    newest = await every.call("GetTrustList", name="trustLists/east")
    assert (newest.version, newest.comment, newest.creator) == (2, "newer", "security")
    assert newest.content == list_of(EAST, accepted=("ab" * 32,))
    old = await every.call("GetTrustList", name="trustLists/east", version=1)
    assert old.content == list_of(EAST) and old.makers == 0


async def test_the_same_content_again_is_the_same_version(every: Scene) -> None:
    await every.take("east", list_of(EAST))
    again = await every.take("east", list_of(EAST), comment="once more")
    assert (again.version, again.comment) == (1, "from the gazette")
    missing = await refusal(every, "GetTrustList", name="trustLists/east", version=2)
    assert missing.reason is Reason.TRUST_LIST_NOT_FOUND
    # What was in an older version is a new one: somebody has taken a step back.
    await every.take("east", list_of(WEST))
    assert (await every.take("east", list_of(EAST))).version == 3


async def test_lists_are_listed_by_name_in_their_newest_versions(every: Scene) -> None:
    for name, house in (("west", WEST), ("east", EAST), ("east", WEST)):
        await every.take(name, list_of(house))
    found = (await every.call("ListTrustLists")).trust_lists
    assert [(each.name, each.version, each.roots) for each in found] == [
        ("trustLists/east", 2, 1),
        ("trustLists/west", 1, 1),
    ]
    assert not any(each.content for each in found)


async def test_a_retired_list_stays_retired(every: Scene) -> None:
    await every.take("east", list_of(EAST))
    await every.take("east", list_of(WEST))
    retired = await every.call("RetireTrustList", name="trustLists/east")
    assert retired.retired and retired.version == 2
    assert (await every.call("GetTrustList", name="trustLists/east", version=1)).retired
    assert (await every.call("RetireTrustList", name="trustLists/east")).retired
    with pytest.raises(SignetError, match="is retired"):
        await every.take("east", list_of(EAST))
    used = await refusal(every, "VerifySeal", seal=b"0", trust_list="trustLists/east")
    assert used.reason is Reason.TRUST_UNUSABLE


async def test_every_act_is_in_the_audit_with_what_was_imported(every: Scene) -> None:
    await every.take("east", list_of(EAST))
    await every.call("RetireTrustList", name="trustLists/east", who="other")
    imported, retired = every.records(resource="trustLists/east")
    assert imported["operation"] == "VerificationService/ImportTrustList"
    assert imported["detail"] == f"sm3={sm3(list_of(EAST)).hex()} roots=1 makers=0"
    assert (imported["identity"], imported["result"]) == ("security", "OK")
    assert (retired["identity"], retired["operation"]) == (
        "other",
        "VerificationService/RetireTrustList",
    )


async def test_a_refused_import_leaves_its_record_and_nothing_else(every: Scene) -> None:
    await every.take("east", list_of(EAST))
    await every.call("RetireTrustList", name="trustLists/east")
    with pytest.raises(SignetError):
        await every.take("east", list_of(WEST))
    assert every.records(resource="trustLists/east")[-1]["result"] == "TRUST_UNUSABLE"
    assert every.database.trust_lists.get("east", 2) is None


async def test_imports_at_once_get_a_number_each(every: Scene) -> None:
    given = [list_of(EAST, accepted=(f"{number:02x}" * 32,)) for number in range(8)]
    found = await asyncio.gather(*(every.take("east", each) for each in given))
    assert sorted(each.version for each in found) == list(range(1, 9))
    for each in found:
        stored = await every.call("GetTrustList", name="trustLists/east", version=each.version)
        assert stored.sm3 == each.sm3


async def test_what_another_daemon_does_counts_here_at_once(shared: SharedPlace) -> None:
    with shared.opened() as database, shared.opened("two") as second:
        async with opened(database) as here, opened(second, name="two") as there:
            await here.take("east", list_of(EAST))
            assert there.book.trust("east", there.now)[1] == "trustLists/east/versions/1"
            await here.take("east", list_of(WEST))
            trust, label = there.book.trust("east", there.now)
            assert label == "trustLists/east/versions/2"
            assert trust.makers.certificates[0].der == WEST.root.der
            await there.call("RetireTrustList", name="trustLists/east")
            with pytest.raises(SignetError, match="is retired"):
                here.book.trust("east", here.now)


async def test_daemons_import_at_once_without_losing_a_version(shared: SharedPlace) -> None:
    with shared.opened() as database, shared.opened("two") as second:
        async with opened(database) as here, opened(second, name="two") as there:
            found = await asyncio.gather(
                *(
                    scene.take("east", list_of(EAST, accepted=(f"{number:02x}" * 32,)))
                    for number, scene in enumerate((here, there) * 4)
                )
            )
    assert sorted(each.version for each in found) == list(range(1, 9))


async def test_there_is_a_limit_of_lists_and_of_versions(
    every: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_lists, "MAX_LISTS", 2)
    monkeypatch.setattr(trust_lists, "MAX_VERSIONS", 2)
    for name in ("one", "two", "two"):
        await every.take(name, list_of(WEST if every.database.trust_lists.get(name) else EAST))
    with pytest.raises(SignetError, match="There are 2 trust lists, and 2 are the most") as caught:
        await every.take("three", list_of(EAST))
    assert caught.value.reason is Reason.LIMIT_REACHED
    with pytest.raises(SignetError, match="has 2 versions, which are the most"):
        await every.take("two", list_of(EAST))


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({"trust_list": "East"}, Reason.INPUT_INVALID, "trust_list is 'East'"),
        ({"trust_list": ""}, Reason.INPUT_MISSING, "trust_list is missing"),
        ({"content": b""}, Reason.INPUT_MISSING, "content is missing"),
        ({"content": b"0" * (4 << 20 | 1)}, Reason.MESSAGE_TOO_LARGE, "4194304 are the most"),
        ({"content": b"\xff\xfe"}, Reason.INPUT_INVALID, "content: trust list: it is not UTF-8"),
        ({"comment": " "}, Reason.INPUT_MISSING, "comment is missing; say where"),
        ({"comment": "x" * 501}, Reason.INPUT_INVALID, "comment has 501 characters"),
        ({"comment": "\x1b[2J"}, Reason.INPUT_INVALID, "U[+]001B"),
    ],
)
async def test_what_is_no_list_is_refused_by_its_field(
    scene: Scene, fields: dict[str, Any], reason: Reason, said: str
) -> None:
    given: dict[str, Any] = {"trust_list": "east", "content": b"x", "comment": "from", **fields}
    with pytest.raises(SignetError, match=said) as caught:
        await scene.call("ImportTrustList", **given)
    assert caught.value.reason is reason
    assert scene.database.trust_lists.newest() == []


@pytest.mark.parametrize("method", ["GetTrustList", "RetireTrustList"])
async def test_lists_that_there_are_not_are_not_found(scene: Scene, method: str) -> None:
    found = await refusal(scene, method, name="trustLists/nowhere")
    assert found.reason is Reason.TRUST_LIST_NOT_FOUND
    wrong = await refusal(scene, method, name="lists/nowhere")
    assert wrong.reason is Reason.INPUT_INVALID
    negative = await refusal(scene, "GetTrustList", name="trustLists/nowhere", version=-1)
    assert negative.reason is Reason.INPUT_INVALID


async def test_a_list_is_not_used_after_its_end(scene: Scene) -> None:
    await scene.take("east", list_of(EAST, next_update=scene.now + timedelta(hours=1)))
    assert scene.book.trust("east", scene.now)
    scene.later(hours=2)
    with pytest.raises(SignetError, match=r"counted until .* UTC\. A security") as caught:
        scene.book.trust("east", scene.now)
    assert caught.value.reason is Reason.TRUST_UNUSABLE


async def test_content_that_was_changed_in_the_database_counts_no_more(scene: Scene) -> None:
    await scene.take("east", list_of(EAST))
    with scene.database.transaction("The test") as connection:
        connection.execute(update(TRUST_LISTS).values(content=list_of(WEST)))
    async with opened(scene.database, name="another") as other:
        with pytest.raises(SignetError, match="is not what was imported"):
            other.book.trust("east", other.now)
