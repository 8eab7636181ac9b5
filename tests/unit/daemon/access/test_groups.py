"""Groups over the API: what is refused, and what is recorded."""

from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as messages
from signetd.drivers.errors import SignetError


async def test_a_group_is_set_listed_and_deleted(world: Any) -> None:
    wanted = messages.Group(name="groups/all", members=["app", "app"])
    made = await world.ask("SetGroup", messages.SetGroupRequest(group=wanted))
    assert made == messages.Group(name="groups/all", members=["app"])
    assert world.last() == ("root", "AccessService/SetGroup", "groups/all", "1 members")
    assert world.book.snapshot.members("all") == {"app"}
    first = await world.ask("ListGroups", messages.ListGroupsRequest(page_size=1))
    rest = messages.ListGroupsRequest(page_token=first.next_page_token)
    second = await world.ask("ListGroups", rest)
    assert [*first.groups, *second.groups] == [
        made,
        messages.Group(name="groups/boss", members=["app"]),
    ]
    await world.ask("DeleteGroup", messages.DeleteGroupRequest(name="groups/all"))
    assert world.book.snapshot.group("all") is None


@pytest.mark.parametrize(
    ("name", "members", "says"),
    [
        ("", [], "group.name is missing"),
        ("boss", [], "groups/{group}"),
        ("groups/Boss", [], "groups/{group}"),
        ("groups/boss", [""], "group.members is missing"),
        ("groups/boss", ["groups/x"], "how a group is named"),
        ("groups/boss", ["a"] * 10_001, "10001 names; .* at most 10000"),
        ("groups/boss", ["nobody"], "no identity 'nobody'"),
    ],
)
async def test_groups_that_are_refused(
    name: str, members: list[str], says: str, world: Any
) -> None:
    request = messages.SetGroupRequest(group=messages.Group(name=name, members=members))
    with pytest.raises(SignetError, match=says):
        await world.ask("SetGroup", request)
