"""Limits, by somebody who asks for more than they allow, from many sides at once."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from tests.integration.attack import samples
from tests.integration.attack.scene import Scene

SIGN, REACHED = "SigningService/Sign", "LIMIT_REACHED"
AT_ONCE = 64


def ever(count: int) -> resources.UseLimit:
    return resources.UseLimit(count=count, period=resources.LIMIT_PERIOD_EVER)


def limited_key(town: Scene, key: str, *limits: resources.UseLimit) -> str:
    town.key(key)
    town.policy(key, resources.KeyPolicy(limits=limits))
    return key


def limited_grant(town: Scene, who: str, key: str, *limits: resources.UseLimit) -> str:
    return town.grant(who, key, conditions=access.Conditions(limits=limits))


def sign_often(town: Scene, key: str, who: Iterable[str], times: int) -> Counter[tuple[str, str]]:
    """Sign at once for several; return how often each got what."""

    def sign(name: str) -> tuple[str, str]:
        return name, town.by(name).call(SIGN, samples.item("x", key)).result

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(threads.map(sign, [name for name in who for _ in range(times)]))


def released(town: Scene, key: str) -> list[Any]:
    return town.records(resource=f"keys/{key}", kind="use", result="OK")


def test_of_many_at_once_exactly_as_many_as_allowed_are_released(town: Scene) -> None:
    key = limited_key(town, "limit-ever", ever(20))
    town.grant("signer", key)
    assert sign_often(town, key, ["signer"], AT_ONCE) == {
        ("signer", "OK"): 20,
        ("signer", REACHED): AT_ONCE - 20,
    }
    assert len(released(town, key)) == 20
    assert len(town.records(resource=f"keys/{key}", allowed=0, result=REACHED)) == AT_ONCE - 20


def test_a_minute_has_no_more_than_its_limit(town: Scene) -> None:
    """Also when the minute of the clock ends in the middle."""
    limit = resources.UseLimit(count=5, period=resources.LIMIT_PERIOD_MINUTE)
    key = limited_key(town, "limit-minute", limit)
    town.grant("signer", key)
    found = sign_often(town, key, ["signer"], AT_ONCE)
    minutes = Counter(
        row["span"]
        for row in town.rows("select * from use_counters where scope = ?", f"keys/{key}")
        if row["span"]
    )
    assert 5 <= found["signer", "OK"] <= 5 * len(minutes)
    assert len(released(town, key)) == found["signer", "OK"]
    counts = town.rows("select count from use_counters where scope = ? and span != ''", _of(key))
    assert all(row["count"] <= 5 for row in counts)


def _of(key: str) -> str:
    return f"keys/{key}"


def test_both_limits_hold_the_grants_and_the_keys(town: Scene) -> None:
    key = limited_key(town, "limit-both", ever(10))
    limited_grant(town, "signer", key, ever(3))
    limited_grant(town, "other", key, ever(1000))
    found = sign_often(town, key, ["signer", "other"], 20)
    assert found["signer", "OK"] <= 3
    assert found["signer", "OK"] + found["other", "OK"] == 10
    assert len(released(town, key)) == 10


def test_a_limit_of_a_groups_grant_is_for_all_of_it_together(town: Scene) -> None:
    town.key("limit-group")
    town.group("limit-group", "signer", "voter-1", "voter-2")
    limited_grant(town, "groups/limit-group", "limit-group", ever(7))
    found = sign_often(town, "limit-group", ["signer", "voter-1", "voter-2"], 10)
    assert sum(count for (_, result), count in found.items() if result == "OK") == 7


def test_several_grants_add_up_and_are_named_in_the_record(town: Scene) -> None:
    town.key("limit-two")
    names = [limited_grant(town, "signer", "limit-two", ever(count)) for count in (2, 3)]
    found = sign_often(town, "limit-two", ["signer"], 20)
    assert found["signer", "OK"] == 5
    text = "".join(record.json for record in released(town, "limit-two"))
    counts = [text.count(f'"{name.removeprefix("grants/")}"') for name in names]
    full = [text.count(f'"{name}"') for name in names]
    assert [2, 3] in (counts, full)


def test_a_limit_is_not_begun_anew_by_changing_it(town: Scene) -> None:
    key = limited_key(town, "limit-again", ever(2))
    old = town.grant("signer", key)
    assert sign_often(town, key, ["signer"], 4)["signer", "OK"] == 2
    town.policy(key, resources.KeyPolicy())
    town.policy(key, resources.KeyPolicy(limits=[ever(2)]))
    request = access.DeleteGrantRequest(name=old)
    town.by("security").done("AccessService/DeleteGrant", request)
    town.grant("signer", key)
    assert town.by("signer").call(SIGN, samples.item("x", key)).result == REACHED


def test_a_batch_gets_what_is_left_and_no_more(town: Scene) -> None:
    key = limited_key(town, "limit-batch", ever(9))
    town.grant("signer", key)
    sign_often(town, key, ["signer"], 2)
    batch = signing.BatchSignRequest(requests=[samples.item("x", key)] * 40)
    results = town.by("signer").done("SigningService/BatchSign", batch).results
    assert Counter(each.WhichOneof("outcome") for each in results) == {"response": 7, "error": 33}
    numbers = [each.response.audit_number for each in results if each.HasField("response")]
    assert len(set(numbers)) == 7
    assert {record.number for record in released(town, key)}.issuperset(numbers)


def test_refused_requests_cost_nothing(town: Scene) -> None:
    key = limited_key(town, "limit-free", ever(1))
    town.grant("signer", key)
    for item in (
        samples.item("x", key, algorithm=resources.ALGORITHM_SM2_SM3),
        samples.item("x", key, input_crc32c=1),
        signing.SignRequest(key=_of(key), digest=b"short"),
    ):
        assert town.by("signer").call(SIGN, item).code != "OK"
    assert town.by("signer").call(SIGN, samples.item("x", key)).result == "OK"
