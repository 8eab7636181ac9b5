"""When a call is tried again: as the daemon asks, within the call's own time."""

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from signetd.client import ResourceExhausted, SignetdError, retry
from signetd.client.errors import from_status


def refused(retry_after: float | None, retryable: bool = True) -> SignetdError:
    return SignetdError("no", retryable=retryable, retry_after=retry_after)


@pytest.mark.parametrize("retry_after", [2.0, 0.7])
def test_the_daemons_delay_is_the_least_and_jitter_only_adds(retry_after: float) -> None:
    waits = [retry.wait_before_retry(refused(retry_after), retry.delays(), 60) for _ in range(200)]
    assert min(waits) >= retry_after
    assert max(waits) <= retry_after * 1.5
    assert len(set(waits)) > 100, "clients refused together must not come back together"


@pytest.mark.parametrize("retry_after", [None, 0.0, 0.001])
def test_a_shorter_delay_does_not_hasten_us(retry_after: float | None) -> None:
    assert 0.05 <= retry.wait_before_retry(refused(retry_after), retry.delays(), 60) <= 0.15


def test_a_retry_beyond_the_calls_time_is_not_waited_for() -> None:
    error = refused(2.0)
    with pytest.raises(SignetdError) as caught:
        retry.wait_before_retry(error, retry.delays(), 1.9)
    assert caught.value is error


def test_advice_does_not_make_an_error_retryable() -> None:
    with pytest.raises(SignetdError):
        retry.wait_before_retry(refused(0.1, retryable=False), retry.delays(), 60)


def packed(*details: object) -> list[AnyMessage]:
    made = []
    for detail in details:
        made.append(AnyMessage())
        made[-1].Pack(detail)  # type: ignore[arg-type]
    return made


def test_an_error_has_all_facts_of_its_details() -> None:
    facts = {"retryable": "true", "request_id": "id1", "limit": "calls"}
    info = error_details_pb2.ErrorInfo(reason="OVERLOADED", domain="signetd", metadata=facts)
    wait = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=250_000_000))
    code: int = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    for details in ((info, wait), (wait, info)):
        error = from_status(status_pb2.Status(code=code, message="m", details=packed(*details)))
        assert isinstance(error, ResourceExhausted)
        assert (error.metadata, error.retry_after, error.retryable) == (facts, 1.25, True)
    plain = from_status(status_pb2.Status(code=code, message="m"))
    assert (plain.metadata, plain.retry_after) == ({}, None)
