"""The table of statuses, and google.rpc.Status as it goes out."""

import pytest
from google.rpc import error_details_pb2
from grpc import StatusCode

from signetd.daemon.rpc.errors import STATUS, known, status_of
from signetd.drivers.errors import RETRYABLE, Reason, SignetError


def test_every_reason_has_a_status() -> None:
    assert set(STATUS) == set(Reason)
    assert StatusCode.OK not in STATUS.values()


@pytest.mark.parametrize("reason", Reason)
def test_error_info_says_reason_and_whether_to_try_again(reason: Reason) -> None:
    status = status_of(SignetError(reason, "A sentence.", ckr="CKR_X"), "id1")
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, status.message) == (STATUS[reason].value[0], "A sentence.")
    assert (info.reason, info.domain) == (reason.value, "signetd")
    retryable = str(reason in RETRYABLE).lower()
    assert dict(info.metadata) == {"retryable": retryable, "request_id": "id1", "ckr": "CKR_X"}


def test_only_passing_states_are_unavailable() -> None:
    unavailable = {reason for reason, code in STATUS.items() if code is StatusCode.UNAVAILABLE}
    assert unavailable <= RETRYABLE


@pytest.mark.parametrize("message", ["x" * 100_000, "\udcff", "\0\n签"])
def test_any_message_can_be_sent(message: str) -> None:
    status = status_of(SignetError(Reason.INPUT_INVALID, message), "id")
    assert len(status.SerializeToString()) < 8000, "it must fit into the trailers"


def test_unforeseen_error_names_the_request_only() -> None:
    told = known(ZeroDivisionError("a document's text"), "id7")
    assert "id7" in told.message
    assert "document" not in told.message
    assert told.reason is Reason.INTERNAL


def test_when_to_come_again_is_told_where_it_is_known() -> None:
    error = SignetError(Reason.OVERLOADED, "A sentence.", retry_after=0.25)
    first, second = status_of(error, "id").details
    retry = error_details_pb2.RetryInfo()
    assert first.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)
    assert second.Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 250
    assert len(status_of(SignetError(Reason.OVERLOADED, "A sentence."), "id").details) == 1
