"""Authorities that refuse, lie, are slow or send something else: told, bounded, never used."""

import asyncio
import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from signetd.daemon.timestamps import TimeStampService
from signetd.drivers.errors import Reason, SignetError
from signetd.pki.timestamp.messages import MAX_BYTES
from tests import tsa
from tests.tsa import Reply
from tests.unit.daemon.timestamps.scene import DATA, config, failure, odd_server, stamped
from tests.unit.pki import evidence, making

WEEK: Final = datetime.timedelta(days=7)


@pytest.mark.parametrize(
    ("reply", "asked", "says"),
    [
        (Reply(tsa.refused(2, 0, "算法")), 1, "rejection (badAlg: it does not accept the hash)"),
        (Reply(tsa.refused(2, 14)), 2, "timeNotAvailable"),
        (Reply(tsa.refused(2, 25)), 2, "systemFailure"),
        (Reply(tsa.refused(3)), 2, "waiting"),
        (Reply(b"garbage"), 1, "cannot be read"),
        (Reply(b""), 1, "cannot be read"),
        (Reply(tsa.granted(b"")), 1, "gives none"),
        (Reply(tsa.granted(making.tlv(0x30))), 1, "FORMAT"),
        (Reply(bytes(MAX_BYTES + 1)), 1, "more than"),
        (Reply(b"", length=1 << 40), 1, "more than"),
        (Reply(bytes(10), length=20), 2, "cut short"),
        (Reply(b"<html>", kind="text/html"), 1, "text/html, not application/timestamp-reply"),
        (Reply(b"x", kind=""), 1, "is the address right?"),
        (Reply(b"", 302, more=(("Location", "/other"),)), 1, "a redirect, which is not followed"),
        (Reply(b"", 307, more=(("Location", "/other"),)), 1, "a redirect"),
        (Reply(b"", 404), 1, "HTTP 404"),
        (Reply(b"", 401), 1, "HTTP 401"),
        (Reply(b"", 503), 2, "HTTP 503"),
        (Reply(b"", 429), 2, "HTTP 429"),
        (Reply(b"", 204), 1, "HTTP 204"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_answers(reply: Reply, asked: int, says: str, tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    requests = []

    def answer(request: bytes, headers: dict[str, str]) -> Reply:
        requests.append(request)
        return reply

    with tsa.serving(answer) as url:
        error = await failure(config(tmp_path, url))
    assert says in error.message
    assert url in error.message
    assert error.message.isprintable()
    assert len(requests) == asked, "only what may pass is tried again, and once"
    assert len(set(requests)) == asked, "each attempt has a nonce of its own"


async def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    """In chunks no length is told before."""
    tsa.Authority(tmp_path)
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        while sent < 100 * MAX_BYTES:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            sent += 0x10000
            await writer.drain()

    async with odd_server(serve) as url:
        error = await failure(config(tmp_path, url))
    assert "more than" in error.message
    assert sent < 100 * MAX_BYTES


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"nonce": 5}, "NONCE"),
        ({"nonce": None}, "NONCE"),
        ({"imprint": making.tlv(0x30, bytes.fromhex(tsa.HASHES["sm3"]), making.tlv(4, bytes(32)))},
         "IMPRINT"),
        ({"sign": lambda data: bytes(70)}, "SIGNATURE"),
        ({"certificates": []}, "SIGNER"),
        ({"at": tsa.now() - datetime.timedelta(hours=1)}, "set the clock of this machine"),
        ({"at": tsa.now() + datetime.timedelta(hours=1)}, "TIME"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
async def test_tokens_that_are_not_good(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    with tsa.tsa(tmp_path, changes=changes) as url:
        error = await failure(config(tmp_path, url))
    assert says in error.message


async def test_an_old_token_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    authority = tsa.Authority(tmp_path)
    answers: list[bytes] = []

    def answer(request: bytes, headers: dict[str, str]) -> Reply:
        answers.append(authority.reply(request))
        return Reply(answers[0])

    with tsa.serving(answer) as url:
        await stamped(config(tmp_path, url))
        error = await failure(config(tmp_path, url))
    assert "NONCE" in error.message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"life": (tsa.now() - 2 * WEEK, tsa.now() - WEEK)}, "VALIDITY"),
        ({"purposes": None}, "PURPOSE"),
        ({"purposes": tsa.purpose(critical=False)}, "not critical"),
    ],
)
async def test_authorities_that_are_none(
    options: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with tsa.tsa(tmp_path, **options) as url:
        error = await failure(config(tmp_path, url))
    assert says in error.message


async def test_an_authority_that_a_list_in_the_folder_revokes(tmp_path: Path) -> None:
    authority = tsa.Authority(tmp_path)
    life = (tsa.now() - WEEK, tsa.now() + WEEK)
    since = tsa.now() - datetime.timedelta(days=1)

    def revoke(*serials: int) -> None:
        entries = [(each, since, ()) for each in serials]
        issuer = authority.ca
        content = evidence.revocation_list(issuer.name, issuer.key, entries, life=life)
        (authority.trust / "ca.crl").write_bytes(content)

    with tsa.serving(lambda request, _: Reply(authority.reply(request))) as url:
        revoke()
        await stamped(config(tmp_path, url))
        revoke(authority.signer.serial)
        error = await failure(config(tmp_path, url))
        assert "revoked since" in error.message
        (authority.trust / "ca.crl").write_bytes(b"no list")
        error = await failure(config(tmp_path, url))
        assert "ca.crl" in error.message


async def test_nobody_there(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    with tsa.serving(lambda *_: Reply(b"")) as url:
        pass
    error = await failure(config(tmp_path, url))
    assert "the connection failed" in error.message
    error = await failure(config(tmp_path, "http://nowhere.invalid/"))
    assert "the connection failed" in error.message


async def test_the_next_one_is_asked(tmp_path: Path) -> None:
    with tsa.serving(lambda *_: Reply(b"", 503)) as bad, tsa.tsa(tmp_path) as good:
        assert await stamped(config(tmp_path, bad, good))


async def test_every_failure_is_told(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    with (
        tsa.serving(lambda *_: Reply(b"", 404)) as one,
        tsa.serving(lambda *_: Reply(tsa.refused(2, 15))) as other,
    ):
        error = await failure(config(tmp_path, one, other))
    assert "HTTP 404" in error.message
    assert "unacceptedPolicy" in error.message


async def test_degrading(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    with tsa.serving(lambda *_: Reply(b"", 404)) as url:
        service = TimeStampService(config(tmp_path, url, on_failure="degrade"))
        token, failure = await service.stamp(DATA, None)
        assert token is None
        assert "HTTP 404" in failure
        with pytest.raises(SignetError) as caught:
            await service.stamp(b"short", None, digested=True)
        assert caught.value.reason is Reason.DIGEST_LENGTH_WRONG, "not everything is degraded"
        await service.close()


def slow(content: bytes = b"x" * 1000) -> Callable[[bytes, dict[str, str]], Reply]:
    """Answer a byte every tenth of a second: no step of the socket ever takes long."""
    return lambda *_: Reply(content, pause=0.1)


async def test_a_slow_authority_costs_an_attempt_and_the_loop_goes_on(tmp_path: Path) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    with tsa.serving(slow()) as bad:
        tsa.Authority(tmp_path)
        ticking = asyncio.create_task(tick())
        begun = time.monotonic()
        error = await failure(config(tmp_path, bad, attempt_timeout=0.5))
        took = time.monotonic() - begun
        ticking.cancel()
    assert "in time" in error.message or "no answer within" in error.message
    assert 1.0 <= took < 10, f"two attempts of half a second took {took:.1f} s"
    assert ticks > 10, "the loop was held up"


async def test_the_deadline_of_the_request_counts(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    with tsa.serving(slow()) as one, tsa.serving(slow()) as other:
        begun = time.monotonic()
        error = await failure(config(tmp_path, one, other), begun + 0.5)
        assert time.monotonic() - begun < 10, "the attempts' 30 s were waited for"
        assert "left no time" in error.message
        error = await failure(config(tmp_path, one), time.monotonic() - 1)
        assert "left no time" in error.message


async def test_an_authority_that_says_nothing(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        hung_up.set()

    async with odd_server(serve) as url:
        await failure(config(tmp_path, url, attempt_timeout=0.2))
        async with asyncio.timeout(20):
            await hung_up.wait()


async def test_who_gives_up_leaves_nothing_behind(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    hung_up = asyncio.Event()
    asked = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        hung_up.set()

    async with odd_server(serve) as url:
        service = TimeStampService(config(tmp_path, url))
        task = asyncio.create_task(service.stamp(DATA, None))
        async with asyncio.timeout(20):
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await hung_up.wait()
        await service.close()


async def test_closing_ends_what_is_going_on(tmp_path: Path) -> None:
    tsa.Authority(tmp_path)
    with tsa.serving(slow()) as url:
        service = TimeStampService(config(tmp_path, url, on_failure="degrade"))
        task = asyncio.create_task(service.stamp(DATA, None))
        await asyncio.sleep(0.3)
        await service.close()
        with pytest.raises(SignetError) as caught:
            async with asyncio.timeout(20):
                await task
        assert caught.value.reason is Reason.SHUTTING_DOWN
    with pytest.raises(SignetError) as caught:
        await service.stamp(DATA, None)
    assert caught.value.reason is Reason.SHUTTING_DOWN


async def test_too_many_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signetd.daemon.timestamps.service._MOST_WAITING", 1)
    tsa.Authority(tmp_path)
    with tsa.serving(slow()) as url:
        service = TimeStampService(config(tmp_path, url))
        task = asyncio.create_task(service.stamp(DATA, None))
        await asyncio.sleep(0)
        with pytest.raises(SignetError) as caught:
            await service.stamp(DATA, None)
        assert caught.value.reason is Reason.OVERLOADED
        await service.close()
        with pytest.raises(SignetError):
            await task
