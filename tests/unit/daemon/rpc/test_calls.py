"""Calls over a real Unix socket: answers, bad input, unforeseen errors, log lines, health."""

import json
import time
from typing import Any, cast

import pytest
from google.rpc import error_details_pb2
from grpc import StatusCode, aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from signetd.api.v1 import key_service_pb2, resources_pb2, signing_service_pb2, token_service_pb2
from signetd.daemon.config import Log
from signetd.daemon.rpc import health
from signetd.daemon.rpc.calls import Call
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import Pin

Sign = signing_service_pb2.SignRequest


async def test_sign_answers_with_names_and_checksum(both: Any, service: Any) -> None:
    reply = await both.call("SigningService/Sign", Sign(key="keys/seal", message=b""))
    assert reply.signature == b"signature of "
    assert reply.key_version == "keys/seal/versions/1"
    assert (reply.token, reply.token_serial) == ("tokens/t1", "serial")
    assert reply.encoding == resources_pb2.SIGNATURE_ENCODING_DER
    assert reply.signature_crc32c
    asked = service.engine.asked[0]
    assert (asked.key, asked.message, asked.digest, asked.signer_id) == ("seal", b"", None, None)


async def test_verify_says_no_without_an_error(both: Any) -> None:
    request = signing_service_pb2.VerifyRequest(key="keys/seal", message=b"m", signature=b"bad")
    assert not (await both.call("SigningService/Verify", request)).valid
    request.signature = b"good"
    assert (await both.call("SigningService/Verify", request)).valid


@pytest.mark.parametrize(
    ("request_", "reason", "words"),
    [
        (Sign(), "INPUT_MISSING", "key"),
        (Sign(key="seal"), "INPUT_INVALID", "keys/{key}"),
        (Sign(key="keys/Ä"), "INPUT_INVALID", "keys/{key}"),
        (Sign(key="keys/" + "a" * 64), "INPUT_INVALID", "63"),
        (
            Sign(key="keys/seal", algorithm=cast(Any, 99)),
            "INPUT_INVALID",
            "algorithm has the number 99",
        ),
        (
            Sign(key="keys/seal", encoding=cast(Any, -1)),
            "INPUT_INVALID",
            "encoding has the number -1",
        ),
        (b"\xff\xff\xff", "INPUT_INVALID", "not a valid signetd.api.v1.SignRequest"),
        (b"\n\x02\xff\xfe", "INPUT_INVALID", "not a valid"),
    ],
)
async def test_bad_input_is_named(both: Any, request_: Any, reason: str, words: str) -> None:
    refused = await both.refusal("SigningService/Sign", request_)
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, reason)
    assert words in refused.message
    assert refused.metadata["request_id"] == refused.request_id


async def test_error_of_a_token_keeps_its_ckr(both: Any) -> None:
    refused = await both.refusal("SigningService/Sign", Sign(key="keys/locked", message=b""))
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "TOKEN_LOCKED")
    assert refused.metadata["ckr"] == "CKR_USER_NOT_LOGGED_IN"
    assert refused.metadata["retryable"] == "false"


async def test_unforeseen_error_tells_the_client_nothing(
    both: Any, log_to: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to(Log())
    refused = await both.refusal("SigningService/Sign", Sign(key="keys/seal", message=b"crash"))
    assert (refused.code, refused.reason) == (StatusCode.INTERNAL, "INTERNAL")
    assert "crash" not in refused.message
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["event"] == "unforeseen error"
    assert first["error"] == "ValueError"
    assert first["request_id"] == refused.request_id == second["request_id"]
    assert "crash" not in json.dumps([first, second]), "a log must not quote what was signed"


async def test_one_line_per_call(
    both: Any, log_to: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to(Log())
    await both.call("SigningService/Sign", Sign(key="keys/seal", message=b"SECRET-TEXT"))
    text = capsys.readouterr().err
    line = json.loads(text)
    assert line["method"] == "/signetd.api.v1.SigningService/Sign"
    assert (line["identity"], line["key"], line["status"]) == ("both", "seal", "OK")
    assert line["algorithm"] == "ECDSA_P256_SHA256"
    assert line["milliseconds"] >= 0
    assert "SECRET-TEXT" not in text


async def test_pin_is_presented_and_never_logged(
    both: Any, service: Any, log_to: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to(Log(format="console"))
    unlock = token_service_pb2.UnlockTokenRequest(name="tokens/t1", pin="987654321")
    refused = await both.refusal("TokenService/UnlockToken", unlock)
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "PIN_REFUSED")
    unlock.pin = "1234"
    token = await both.call("TokenService/UnlockToken", unlock)
    assert token.state == resources_pb2.TOKEN_STATE_READY
    assert service.tokens["t1"].pins == ["987654321", "1234"]
    assert "987654321" not in capsys.readouterr().err + refused.message


@pytest.mark.parametrize(("pin", "reason"), [("", "INPUT_MISSING"), ("9" * 256, "PIN_INVALID")])
async def test_impossible_pin_does_not_reach_the_token(
    both: Any, service: Any, pin: str, reason: str
) -> None:
    unlock = token_service_pb2.UnlockTokenRequest(name="tokens/t1", pin=pin)
    refused = await both.refusal("TokenService/UnlockToken", unlock)
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, reason)
    assert service.tokens["t1"].pins == []


async def test_batch_keeps_order_and_spoils_nothing(both: Any) -> None:
    items = [
        Sign(key="keys/seal", message=b"a"),
        Sign(key="nonsense", message=b"b"),
        Sign(key="keys/seal", message=b"crash"),
        Sign(key="keys/seal", message=b"d"),
    ]
    request = signing_service_pb2.BatchSignRequest(requests=items)
    results = (await both.call("SigningService/BatchSign", request)).results
    assert [each.WhichOneof("outcome") for each in results] == [
        *("response", "error", "error", "response")
    ]
    assert results[0].response.signature == b"signature of a"
    assert results[3].response.signature == b"signature of d"
    infos = [error_details_pb2.ErrorInfo() for _ in range(2)]
    assert results[1].error.details[0].Unpack(infos[0])
    assert results[2].error.details[0].Unpack(infos[1])
    assert [info.reason for info in infos] == ["INPUT_INVALID", "INTERNAL"]
    assert "crash" not in results[2].error.message


@pytest.mark.parametrize(("count", "reason"), [(0, "BATCH_EMPTY"), (1001, "BATCH_TOO_LARGE")])
async def test_batch_of_a_wrong_size_is_refused(
    both: Any, service: Any, count: int, reason: str
) -> None:
    item = Sign(key="keys/seal", message=b"")
    request = signing_service_pb2.BatchSignRequest(requests=[item] * count)
    refused = await both.refusal("SigningService/BatchSign", request)
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, reason)
    assert service.engine.asked == []


async def test_largest_batch_is_answered_whole(both: Any) -> None:
    item = Sign(key="keys/seal", message=b"")
    request = signing_service_pb2.BatchSignRequest(requests=[item] * 1000)
    assert len((await both.call("SigningService/BatchSign", request)).results) == 1000


async def test_keys_are_shown_generated_and_enrolled(both: Any, service: Any) -> None:
    key = await both.call("KeyService/GetKey", key_service_pb2.GetKeyRequest(name="keys/seal"))
    assert (key.name, key.token, key.cka_id) == ("keys/seal", "tokens/t1", b"\1\2")
    public = await both.call(
        "KeyService/GetPublicKey", key_service_pb2.GetPublicKeyRequest(name="keys/seal")
    )
    lines = public.pem.splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
    assert max(map(len, lines[1:-1])) == 64
    await both.call(
        "KeyService/GenerateKey",
        key_service_pb2.GenerateKeyRequest(
            key_id="new",
            token="tokens/t2",
            key_type=resources_pb2.KEY_TYPE_SM2,
        ),
    )
    assert service.keys.asked[-1] == ("generate", "new", "t2", "SM2", None)
    await both.call(
        "KeyService/EnrolKey",
        key_service_pb2.EnrolKeyRequest(
            key_id="old",
            token="tokens/t1",
            cka_id=b"\7",
        ),
    )
    assert service.keys.asked[-1] == ("enrol", "old", "t1", b"\7", "", None)


async def test_missing_key_is_not_found(both: Any) -> None:
    refused = await both.refusal(
        "KeyService/GetKey", key_service_pb2.GetKeyRequest(name="keys/none")
    )
    assert (refused.code, refused.reason) == (StatusCode.NOT_FOUND, "KEY_NOT_FOUND")


async def test_tokens_come_in_pages(both: Any) -> None:
    request = token_service_pb2.ListTokensRequest(page_size=2)
    first = await both.call("TokenService/ListTokens", request)
    request.page_token = first.next_page_token
    second = await both.call("TokenService/ListTokens", request)
    assert [token.name for token in first.tokens] == ["tokens/t1", "tokens/t2"]
    assert [token.name for token in second.tokens] == ["tokens/t3"]
    assert second.next_page_token == ""
    assert list(first.tokens[0].algorithms) == [
        resources_pb2.ALGORITHM_SM2_SM3,
        resources_pb2.ALGORITHM_ED25519,
    ]
    request.page_token = "!"
    assert (await both.refusal("TokenService/ListTokens", request)).reason == "INPUT_INVALID"


async def test_health_follows_the_daemon_and_its_tokens(both: Any, service: Any) -> None:
    stub: Any = health_pb2_grpc.HealthStub(both.channel)

    async def status(name: str) -> str:
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))

    assert await status("") == "NOT_SERVING", "nothing serves before the daemon says so"
    await service.health.open()
    assert await status("") == await status("signetd.api.v1.KeyService") == "SERVING"
    assert await status("tokens/t1") == "NOT_SERVING"
    await service.tokens["t1"].unlock(_pin())
    await service.health.update()
    assert await status("tokens/t1") == "SERVING"
    for state in TokenState:
        service.tokens["t1"].turn(state)
        await service.health.update()
        serves = state in (TokenState.READY, TokenState.DEGRADED)
        assert await status("tokens/t1") == ("SERVING" if serves else "NOT_SERVING"), state
    await service.health.close()
    assert await status("tokens/t1") == await status("") == "NOT_SERVING"
    with pytest.raises(aio.AioRpcError) as caught:
        await status("tokens/none")
    assert caught.value.code() is StatusCode.NOT_FOUND


def _pin() -> Any:
    return Pin("1234")


async def test_watchers_are_let_go_when_the_daemon_stops(both: Any, service: Any) -> None:
    await service.health.open()
    stub: Any = health_pb2_grpc.HealthStub(both.channel)
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=""), timeout=10)
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    await service.health.close()
    last = await watch.read()
    if last is not aio.EOF:
        assert last.status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await watch.read() is aio.EOF
    assert await watch.code() is StatusCode.OK


async def test_watchers_of_the_health_are_not_more_than_a_limit(
    both: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_MOST_WATCHERS", 1)
    stub: Any = health_pb2_grpc.HealthStub(both.channel)
    request = health_pb2.HealthCheckRequest(service="")
    watch = stub.Watch(request, timeout=10)
    await watch.read()
    assert await stub.Watch(request, timeout=10).code() is StatusCode.RESOURCE_EXHAUSTED
    watch.cancel()


async def test_reflection_names_the_services(both: Any) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(both.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async for reply in stub.ServerReflectionInfo(iter([request]), timeout=10):
        names = {each.name for each in reply.list_services_response.service}
    assert "signetd.api.v1.SigningService" in names
    assert "grpc.health.v1.Health" in names


def test_passed_deadline_is_refused() -> None:
    with pytest.raises(SignetError) as caught:
        Call("/x/Y", deadline=time.monotonic()).check_deadline()
    assert caught.value.reason is Reason.DEADLINE_PASSED
    Call("/x/Y", deadline=time.monotonic() + 60).check_deadline()
    Call("/x/Y").check_deadline()
