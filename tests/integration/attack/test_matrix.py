"""Every method with every kind of caller: what may be done, and that a refusal does nothing."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf.message import Message

from signetd.daemon.rpc import flood
from tests.integration.attack.calls import METHODS, Answer
from tests.integration.attack.matrix import DENIED, EVERYBODY, ROWS
from tests.integration.attack.scene import Scene

SILENT_SECONDS = 1.0
_USES = {
    "SigningService/Sign": "sign",
    "SigningService/SignDocument": "sign",
    "SealService/Stamp": "stamp",
}
"""What the audit calls the use of a key that a method makes, also where it is refused."""
_OF_ITEMS = ("SigningService/BatchSign", "SigningService/SignStream", "SealService/BatchStamp")
_PACE = 1.5 / flood.EACH  # of strangers, no more refusals in a second are recorded one by one


def test_every_method_of_the_api_has_a_row() -> None:
    missing, wrong = METHODS.keys() - ROWS.keys(), ROWS.keys() - METHODS.keys()
    assert not missing, (
        f"{', '.join(sorted(missing))}: not in tests/integration/attack/matrix.py. Add a row with "
        "a request that would do something, and what each caller gets."
    )
    assert not wrong, f"{', '.join(sorted(wrong))}: no method of the API; remove the row"


@pytest.mark.parametrize("method", sorted(METHODS))
def test_each_caller_gets_what_is_its_own(town: Scene, method: str) -> None:
    """The refused ones call first, all together, while what they ask for is there to be had."""
    row = ROWS[method]
    request = row.request(town)
    expected = {name: row.expected.get(name, DENIED) for name in EVERYBODY}
    refused = [name for name in EVERYBODY if expected[name] not in ("OK", "SILENT")]
    before, first = town.state(), town.last()
    time.sleep(_PACE)
    answers = _call(town, method, request, refused, 30.0)
    assert {name: answer.result for name, answer in answers.items()} == {
        name: expected[name] for name in refused
    }
    assert town.state() == before, f"a refused {method} has done something"
    for name in refused:
        if expected[name] == DENIED:
            _check_record(town, method, name, first)
    others = [name for name in EVERYBODY if name not in refused]
    answers = _call(town, method, request, [n for n in others if expected[n] == "OK"], 30.0)
    assert {name: each.result for name, each in answers.items() if each.result != "OK"} == {}
    silent = [name for name in others if expected[name] == "SILENT"]
    answers = _call(town, method, request, silent, SILENT_SECONDS)
    assert all(each.result == "DEADLINE_EXCEEDED" for each in answers.values()), answers
    if method in _OF_ITEMS:
        _check_items(_call(town, method, request, ["none", "other"], 30.0))


def _call(
    town: Scene, method: str, request: Message, names: list[str], seconds: float
) -> dict[str, Answer]:
    with ThreadPoolExecutor(len(EVERYBODY)) as threads:
        begun = {
            name: threads.submit(town.by(name).call, method, request, seconds) for name in names
        }
        return {name: call.result() for name, call in begun.items()}


def _check_record(town: Scene, method: str, name: str, first: int) -> None:
    wanted = {method, _USES.get(method, method)}
    found = [
        record
        for record in town.records(first, identity=name, result=DENIED)
        if record.operation in wanted
    ]
    assert len(found) == 1, f"{len(found)} records of the refused {method} of {name}"
    assert not found[0].allowed


def _check_items(answers: dict[str, Answer]) -> None:
    """Every item of a batch is refused by itself."""
    for answer in answers.values():
        assert [each.error.code for each in answer.reply.results] == [7, 7], answer.reply
