"""Both clients change who may do what in the same way."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.client import (
    AlreadyExists,
    AsyncClient,
    Client,
    Endpoint,
    GrantItem,
    IdentityItem,
    InvalidRequest,
    NotFound,
    ScheduleItem,
)
from tests.unit.daemon.access.bridge import bridge

APP = IdentityItem(name="app")
GRANT = GrantItem(subject="app", keys="invoice-*", operations=("sign",))


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with bridge(tmp_path) as (_, address):
        yield address


def test_all_calls(address: str) -> None:
    with Client(Endpoint(address), timeout=10) as client:
        made = client.create_identity(APP)
        assert client.get_identity("app") == made
        assert client.update_identity(IdentityItem(name="app", disabled=True)).disabled
        assert [each.name for each in client.list_identities()] == ["app"]
        group = client.set_group("boss", ["app"])
        assert client.list_groups() == [group]
        grant = client.create_grant(GRANT)
        assert client.list_grants() == client.list_grants("app") == [grant]
        assert client.list_grants("groups/boss") == []
        assert not client.explain_access("app", "invoice-1", "sign").allowed  # it is disabled
        client.delete_grant(grant.name)
        client.delete_group("boss")
        client.delete_identity("app")
        assert client.list_identities() == []


async def test_all_calls_of_the_asyncio_client(address: str) -> None:
    async with AsyncClient(Endpoint(address), timeout=10) as client:
        made = await client.create_identity(APP)
        assert await client.get_identity("app") == made
        assert (await client.update_identity(IdentityItem(name="app", disabled=True))).disabled
        assert [each.name for each in await client.list_identities()] == ["app"]
        group = await client.set_group("boss", ["app"])
        assert await client.list_groups() == [group]
        grant = await client.create_grant(GRANT)
        assert await client.list_grants("app") == [grant]
        assert not (await client.explain_access("app", "invoice-1", "sign")).allowed
        await client.delete_grant(grant.name)
        await client.delete_group("boss")
        await client.delete_identity("app")
        assert await client.list_identities() == []


def test_a_schedule_until_midnight(address: str) -> None:
    schedule = ScheduleItem(time_zone="Asia/Shanghai", weekdays=(1, 7), start=time(22, 30))
    with Client(Endpoint(address), timeout=10) as client:
        client.create_identity(APP)
        wanted = GrantItem(
            subject="app", keys="*", operations=("read",), schedule=schedule, deny=True
        )
        found = client.create_grant(wanted).conditions.schedule
    assert list(found.weekdays) == [access.WEEKDAY_MONDAY, access.WEEKDAY_SUNDAY]
    assert (found.start.seconds, found.end.seconds) == (22 * 3600 + 1800, 86400)


def test_errors_are_typed(address: str) -> None:
    with Client(Endpoint(address), timeout=10) as client:
        client.create_identity(APP)
        with pytest.raises(AlreadyExists):
            client.create_identity(APP)
        with pytest.raises(NotFound):
            client.delete_group("none")


@pytest.mark.parametrize(
    "changes",
    [
        {"operations": ("dance",)},
        {"purposes": ("fun",)},
        {"algorithms": ("md5",)},
        {"not_before": datetime(2026, 1, 1)},
    ],
)
def test_what_is_refused_before_it_is_sent(changes: Any, tmp_path: Path) -> None:
    values: dict[str, Any] = {"subject": "app", "keys": "*", "operations": ("sign",)} | changes
    with Client(Endpoint(f"unix:{tmp_path}/none.sock"), timeout=5) as client:
        with pytest.raises(InvalidRequest):
            client.create_grant(GrantItem(**values))
        with pytest.raises(InvalidRequest):
            client.create_identity(IdentityItem(name="a", roles=("king",)))


def test_an_explanation_of_another_time(address: str) -> None:
    with Client(Endpoint(address), timeout=10) as client:
        client.create_identity(APP)
        begin = datetime(2026, 6, 1, tzinfo=UTC)
        client.create_grant(
            GrantItem(subject="app", keys="*", operations=("read",), not_before=begin)
        )
        at = [datetime(2026, month, 2, tzinfo=UTC) for month in (5, 6)]
        found = [client.explain_access("app", "seal", "read", time=when).allowed for when in at]
    assert found == [False, True]
