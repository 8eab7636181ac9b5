"""Time stamps from real authorities, on a good day."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from signetd.daemon.config import Timestamps, TsaUrl
from signetd.daemon.timestamps import TimeStampService
from signetd.drivers.errors import Reason, SignetError
from tests import tsa
from tests.unit.daemon.timestamps.scene import DATA, config, failure, stamped
from tests.unit.pki import forest


@pytest.mark.parametrize("kind", ["sm2", "rsa", "ec"])
@pytest.mark.parametrize("used", ["sm3", "sha256"])
async def test_a_time_stamp(kind: str, used: str, tmp_path: Path) -> None:
    with tsa.tsa(tmp_path, kind) as url:
        token = await stamped(config(tmp_path, url, hash=used))
    assert token.imprint_algorithm == used
    assert token.imprint == tsa.digest(used, DATA)
    assert token.nonce is not None


async def test_openssl_verifies_what_the_service_returns(tmp_path: Path) -> None:
    with tsa.tsa(tmp_path, "rsa") as url:
        token = await stamped(config(tmp_path, url, hash="sha256"))
    (tmp_path / "token").write_bytes(token.der)
    (tmp_path / "data").write_bytes(DATA)
    given = ["-token_in", "-in", "token", "-data", "data"]
    others = ["-CAfile", "trust/root.pem", "-untrusted", "chain.pem"]
    done = await asyncio.to_thread(
        subprocess.run,
        ["openssl", "ts", "-verify", *given, *others],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert b"Verification: OK" in done.stdout, done.stderr.decode()


async def test_a_digest_is_stamped_as_it_is(tmp_path: Path) -> None:
    digest = tsa.digest("sm3", DATA)
    with tsa.tsa(tmp_path) as url:
        service = TimeStampService(config(tmp_path, url))
        token, _ = await service.stamp(digest, None, digested=True)
        assert token is not None
        assert token.imprint == digest
        with pytest.raises(SignetError) as caught:
            await service.stamp(b"short", None, digested=True)
        assert caught.value.reason is Reason.DIGEST_LENGTH_WRONG
        await service.close()


async def test_the_policy_is_asked_for_and_demanded(tmp_path: Path) -> None:
    with tsa.tsa(tmp_path) as url:
        token = await stamped(config(tmp_path, url, policy="1.2.156.7"))
        assert token.policy == "1.2.156.7"
    authority = tsa.Authority(tmp_path, changes={"policy": tsa.POLICY})
    with tsa.serving(lambda request, _: tsa.Reply(authority.reply(request))) as url:
        error = await failure(config(tmp_path, url, policy="1.2.156.7"))
    assert "POLICY" in error.message


async def test_many_at_once(tmp_path: Path) -> None:
    with tsa.tsa(tmp_path, "ec") as url:
        service = TimeStampService(config(tmp_path, url, attempt_timeout=60.0))
        contents = [b"%d" % i for i in range(20)]
        tokens = await asyncio.gather(*(service.stamp(each, None) for each in contents))
        await service.close()
    found = [each.token.imprint for each in tokens if each.token is not None]
    assert found == [tsa.digest("sm3", each) for each in contents]
    assert len({each.token.nonce for each in tokens if each.token is not None}) == 20


async def test_the_authority_that_answered_last_is_asked_first(tmp_path: Path) -> None:
    asked = []
    authority = tsa.Authority(tmp_path)

    def bad(request: bytes, headers: dict[str, str]) -> tsa.Reply:
        asked.append("bad")
        return tsa.Reply(tsa.refused(2, 2))

    def good(request: bytes, headers: dict[str, str]) -> tsa.Reply:
        asked.append("good")
        return tsa.Reply(authority.reply(request))

    with tsa.serving(bad) as one, tsa.serving(good) as other:
        service = TimeStampService(config(tmp_path, one, other))
        for _ in range(2):
            assert (await service.stamp(DATA, None)).token is not None
        await service.close()
    assert asked == ["bad", "good", "good"]


async def test_the_folder_is_read_for_each_time_stamp(tmp_path: Path) -> None:
    """So that a new authority needs no restart, and one that is taken out counts no more."""
    with tsa.tsa(tmp_path) as url:
        service = TimeStampService(config(tmp_path, url))
        assert (await service.stamp(DATA, None)).token is not None
        root = tmp_path / "trust" / "root.pem"
        root.write_bytes(forest.root("ec", "other", "other").pem)
        with pytest.raises(SignetError, match="TRUST_ANCHOR"):
            await service.stamp(DATA, None)
        root.unlink()
        with pytest.raises(SignetError, match="no certificate"):
            await service.stamp(DATA, None)
        await service.close()


def test_the_address_of_a_test_is_one_of_ours() -> None:
    with tsa.serving(lambda *_: tsa.Reply(b"")) as url:
        assert str(TsaUrl.parse(url)) == url
    assert Timestamps(urls=(TsaUrl.parse(url),), trust=Path("/")).on_failure == "refuse"
