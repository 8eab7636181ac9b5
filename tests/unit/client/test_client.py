"""What the client makes of replies and errors, and when it tries again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from signetd.api.v1 import resources_pb2, signing_service_pb2
from signetd.client import (
    AsyncClient,
    Client,
    CorruptReply,
    Endpoint,
    FailedPrecondition,
    InvalidRequest,
    Signature,
    SignatureInvalid,
    SignetdError,
    SignItem,
    Unavailable,
    _operations,
)

Connect = Callable[[], Client]
ITEM = SignItem(key="k", message=b"a document")


def failure(code: grpc.StatusCode, reason: str, retryable: bool) -> Any:
    """Make the google.rpc.Status that the daemon would answer."""
    info = error_details_pb2.ErrorInfo(
        reason=reason,
        domain="signetd",
        metadata={"retryable": str(retryable).lower(), "ckr": "CKR_TEST"},
    )
    detail = AnyMessage()
    detail.Pack(info)
    return status_pb2.Status(code=code.value[0], message="a helpful sentence", details=[detail])


def reply(signature: bytes = b"sig", altered: bool = False) -> Any:
    return signing_service_pb2.SignResponse(
        signature=signature,
        encoding=resources_pb2.SIGNATURE_ENCODING_DER,
        algorithm=resources_pb2.ALGORITHM_SM2_SM3,
        key_version="keys/k/versions/1",
        signature_crc32c=google_crc32c.value(signature) ^ altered,
    )


def test_sign_sends_a_checksum_and_reads_the_reply(script: Any, connect: Connect) -> None:
    script[0].answers = [reply()]
    made = connect().sign(ITEM)
    assert (made.signature, made.algorithm, made.encoding) == (b"sig", "SM2_SM3", "DER")
    (request,) = script[0].requests
    assert request.key == "keys/k"
    assert request.input_crc32c == google_crc32c.value(b"a document")
    assert not request.HasField("digest")


def test_a_reply_that_was_altered_is_found(script: Any, connect: Connect) -> None:
    script[0].answers = [reply(altered=True)]
    with pytest.raises(CorruptReply):
        connect().sign(ITEM)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.FAILED_PRECONDITION, FailedPrecondition),
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequest),
    ],
)
def test_errors_are_typed_and_not_tried_again(
    code: grpc.StatusCode, kind: type[SignetdError], script: Any, connect: Connect
) -> None:
    script[0].answers = [failure(code, "SOME_REASON", retryable=False)]
    with pytest.raises(kind, match="a helpful sentence") as caught:
        connect().sign(ITEM)
    error = caught.value
    assert (error.reason, error.retryable, error.ckr) == ("SOME_REASON", False, "CKR_TEST")
    assert len(script[0].requests) == 1


def test_a_retryable_error_is_tried_again(script: Any, connect: Connect) -> None:
    lost = failure(grpc.StatusCode.UNAVAILABLE, "WORKER_LOST", retryable=True)
    script[0].answers = [lost, reply()]
    assert connect().sign(ITEM).signature == b"sig"


def test_tries_are_limited(script: Any, connect: Connect) -> None:
    script[0].answers = [failure(grpc.StatusCode.UNAVAILABLE, "WORKER_LOST", retryable=True)]
    with pytest.raises(Unavailable):
        connect().sign(ITEM)
    assert len(script[0].requests) == 3


def test_an_invalid_signature_raises(script: Any, connect: Connect) -> None:
    script[0].answers = [signing_service_pb2.VerifyResponse(valid=False)]
    with pytest.raises(SignatureInvalid):
        connect().verify(ITEM, b"sig")
    script[0].answers = [signing_service_pb2.VerifyResponse(valid=True)]
    connect().verify(ITEM, b"sig")


def test_a_bad_item_does_not_spoil_a_batch(script: Any, connect: Connect) -> None:
    result = signing_service_pb2.BatchSignResult
    bad = failure(grpc.StatusCode.NOT_FOUND, "KEY_NOT_FOUND", retryable=False)
    results = [result(response=reply()), result(error=bad), result(response=reply(altered=True))]
    script[0].answers = [signing_service_pb2.BatchSignResponse(results=results)]
    first, second, third = connect().batch_sign([ITEM] * 3)
    assert isinstance(first, Signature)
    assert isinstance(second, SignetdError)
    assert second.reason == "KEY_NOT_FOUND"
    assert isinstance(third, CorruptReply)
    with pytest.raises(CorruptReply, match="3 results came for 2 items"):
        connect().batch_sign([ITEM] * 2)


async def test_the_asyncio_client_does_the_same(script: Any) -> None:
    lost = failure(grpc.StatusCode.UNAVAILABLE, "WORKER_LOST", retryable=True)
    script[0].answers = [lost, reply()]
    async with AsyncClient(Endpoint(script[1]), timeout=10) as client:
        assert (await client.sign(ITEM)).signature == b"sig"


def test_nobody_there(tmp_path: Path) -> None:
    with (
        Client(Endpoint(f"unix:{tmp_path}/none.sock"), timeout=5) as client,
        pytest.raises(Unavailable, match="is signetd running there"),
    ):
        client.sign(ITEM)


def test_an_unknown_algorithm_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequest, match="sm2-sm3"):
        _operations.sign(SignItem(key="k", message=b"", algorithm="md5"))


def test_a_pin_is_not_in_a_repr() -> None:
    assert "secret-pin" not in repr(_operations.unlock_token("t", "secret-pin"))


def test_a_call_that_the_daemon_broke_off(script: Any, connect: Connect) -> None:
    """As one does that stops by force: the caller learns that the outcome is not known."""
    script[0].answers = [grpc.StatusCode.CANCELLED]
    with pytest.raises(Unavailable, match="may or may not have been carried out"):
        connect().batch_sign([ITEM])
