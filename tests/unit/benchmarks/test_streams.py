"""The load of streams: messages as protobuf reads them, and only as much read as is needed."""

import pytest
from google.rpc import status_pb2

from benchmarks.bench import requests, streams, targets
from benchmarks.bench.algorithms import ALGORITHMS
from benchmarks.bench.loads import KINDS, Load
from signetd.api.v1 import signing_service_pb2 as signing

REQUEST = signing.SignRequest(key="keys/k", message=bytes(range(256)) * 2)


def test_items_are_what_protobuf_writes_alone_and_together() -> None:
    items = streams.encoded(REQUEST.SerializeToString(), 100)
    assert len(items) == 200, "a pair for each that is in flight"
    for number, one in enumerate(items, 1):
        expected = signing.SignStreamRequest()
        expected.items.add(reference=number, request=REQUEST)
        assert one == expected.SerializeToString()
    together = signing.SignStreamRequest.FromString(b"".join(items[98:101]))
    assert [each.reference for each in together.items] == [99, 100, 101]
    assert all(each.request == REQUEST for each in together.items)


@pytest.mark.parametrize("width", [0, 101])
def test_a_width_that_no_message_has_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match="give 1 to 100"):
        streams.encoded(b"", width)


def test_results_are_read_with_their_errors() -> None:
    message = signing.SignStreamResponse()
    for reference, size in ((1, 0), (100, 70), (300, 40_000)):
        message.results.add(
            reference=reference, response=signing.SignResponse(signature=bytes(size))
        )
    failed = status_pb2.Status(code=8, message="busy")
    message.results.add(reference=5, error=failed)
    found = [*streams.results(message.SerializeToString())]
    assert found == [(1, None), (100, None), (300, None), (5, failed.SerializeToString())]


@pytest.mark.parametrize("data", [b"\x12\x02\x08\x01", b"\x0a\x04\x08\x01\x22\x00"])
def test_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="a result"):
        [*streams.results(data)]


def test_a_request_says_how_it_is_carried() -> None:
    for load in KINDS["stream"]:
        made = requests.of_signetd(ALGORITHMS[0], load, "other")
        assert made.method.endswith("/SignStream")
        assert (made.streams, made.gathers, made.weight) == (load.streams, load.gathers, 1)
        assert signing.SignRequest.FromString(made.body).key == "keys/other"
        assert load.for_reference == Load("unary", 16), "it has no streams"
    assert Load("batch", 4, 10).for_reference == Load("batch", 4, 10)


def row(algorithm: str, load: str, ratio: float | None, *, verified: bool) -> dict[str, object]:
    found = {"algorithm": algorithm, "load": load, "verified": verified, "added_latency": None}
    return found | {"signetd_to_reference": ratio}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (row("P-256", "stream 4 × 16", 0.76, verified=False), "≥ 0.75 met"),
        (row("P-256", "stream 4 × 16", 0.74, verified=False), "≥ 0.75 missed"),
        (row("P-256", "stream 4 × 16", 0.9, verified=True), "–"),
        (row("P-256", "stream 4 × 16", None, verified=False), "–"),
        (row("SM2", "unary 16", 0.6, verified=True), "≥ 0.5 met"),
        (row("SM2", "unary 16", 0.6, verified=False), "≥ 0.8 missed"),
        (row("SM2", "unary 64", 0.6, verified=False), "–"),
        (row("RSA-2048", "batch 4 × 100", 1.1, verified=True), "≥ 1.1 met"),
        (row("RSA-2048", "batch 4 × 10", 2.0, verified=True), "–"),
    ],
)
def test_targets_of_rows(given: dict[str, object], expected: str) -> None:
    assert targets.of_case(given) == expected


def test_targets_of_latency_and_of_processor_time() -> None:
    alone = row("SM2", "unary 1", 0.1, verified=True) | {"added_latency": 0.0007}
    assert targets.of_case(alone) == "added ≤ 0.6 missed"
    assert targets.of_own({"load": "batch 4 × 100", "daemon_cpu_each": 20e-6}) == "CPU ≤ 25 met"
    assert targets.of_own({"load": "stream 4 × 16", "daemon_cpu_each": 1.0}) == "–"
    own = [{"load": "unary 16", "daemon_cpu_each": 0.001}]
    assert targets.summary({"signatures": [alone], "instant": own}) == "Targets met: 0 of 2."
    assert targets.summary({}) == ""
