"""A file of revocation lists: what becomes of a new one, and of one that cannot be used."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from signetd.daemon.credentials import crl_file
from signetd.daemon.errors import StartError
from signetd.drivers.errors import Reason
from tests.unit.daemon.certificates import CLIENT, DAY, NOW, Holder, forger, pem, root
from tests.unit.daemon.credentials.conftest import HandClock, Published, passes, refusal

SECOND = timedelta(seconds=1)


def test_a_new_file_is_read(published: Published, holder: Holder) -> None:
    file = published.open(root())
    passes(file, published, holder)
    published.put(root().crl(holder.certificate))
    file.look()
    assert refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED
    published.put(root().crl())
    file.look()
    passes(file, published, holder)


def test_a_file_that_was_written_over_is_read_as_well(published: Published, holder: Holder) -> None:
    file = published.open(root())
    published.path.write_bytes(pem(root().crl(holder.certificate)))
    file.look()
    assert refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED


def test_a_revocation_counts_within_about_a_second() -> None:
    assert crl_file.LOOK_SECONDS <= 1.0, "SECURITY.md and deploy/signetd.toml promise it"


def test_an_unchanged_file_is_not_read_again(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published.open(root())

    def refuse(content: bytes, authorities: object) -> None:
        raise AssertionError("the file has not changed")

    monkeypatch.setattr("signetd.daemon.credentials.crl_file.read_lists", refuse)
    file.look()
    assert file.problem == ""


@pytest.mark.parametrize("kind", ["broken", "forged", "gone", "folder", "unforeseen"])
def test_a_bad_new_file_is_told_once_and_the_old_lists_stay(
    published: Published, logged: list[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    revoked = root().issue(CLIENT)
    published.put(root().crl(revoked.certificate))
    file = published.open(root())
    with monkeypatch.context() as patch:
        _spoil(published, patch, kind)
        for _ in range(3):
            file.look()
            assert str(published.path) in file.problem
    assert logged.count(file.problem) == 1, "a problem that stays is no news"
    assert refusal(file, published, revoked).reason is Reason.CERTIFICATE_REVOKED
    passes(file, published, root().issue(CLIENT))
    if kind == "folder":
        published.path.rmdir()
    published.put(root().crl())
    file.look()
    assert file.problem == ""
    passes(file, published, revoked)


def _spoil(published: Published, patch: pytest.MonkeyPatch, kind: str) -> None:
    match kind:
        case "broken":
            published.put_bytes(pem(root().crl())[:-20])
        case "forged":
            published.put(forger().crl())
        case "gone":
            published.path.unlink()
        case "folder":
            published.path.unlink()
            published.path.mkdir()
        case "unforeseen":
            published.put(root().crl())
            patch.setattr("signetd.daemon.credentials.crl_file.read_lists", None)


def test_a_file_that_was_away_for_a_while_is_in_order_again(published: Published) -> None:
    file = published.open(root())
    away = published.path.rename(published.path.with_suffix(".away"))
    published.path.mkdir()
    file.look()
    assert "it is not a regular file" in file.problem
    published.path.rmdir()
    away.rename(published.path)
    file.look()
    assert file.problem == ""


def test_an_older_list_does_not_take_back_what_was_revoked(
    published: Published, holder: Holder
) -> None:
    published.put(root().crl(holder.certificate))
    file = published.open(root())
    published.put(root().crl(life=(NOW - DAY - SECOND, NOW + DAY)))
    file.look()
    assert "older than the one in use" in file.problem
    assert refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED


def test_a_list_that_runs_out_is_told_once(
    published: Published, clock: HandClock, logged: list[str]
) -> None:
    file = published.open(root())
    clock.now = NOW + 2 * DAY
    for _ in range(3):
        file.look()
    assert len(logged) == 1
    assert "the list of CN=test CA has run out" in file.problem
    published.put(root().crl(life=(NOW + DAY, NOW + 3 * DAY)))
    file.look()
    assert file.problem == ""


def test_a_start_with_a_list_that_has_run_out_is_told(
    published: Published, clock: HandClock, logged: list[str], holder: Holder
) -> None:
    clock.now = NOW + 2 * DAY
    file = published.open(root())
    assert logged == [file.problem]
    assert refusal(file, published, holder).reason is Reason.REVOCATION_UNKNOWN


@pytest.mark.parametrize("content", [None, b"", pem(root("other CA").crl()), pem(forger().crl())])
def test_a_start_without_a_list_that_can_be_used_fails(
    published: Published, content: bytes | None
) -> None:
    published.path.unlink()
    if content is not None:
        published.path.write_bytes(content)
    with pytest.raises(StartError, match=str(published.path)):
        published.open(root())


def test_a_start_with_a_pipe_fails_and_does_not_wait(tmp_path: Path, published: Published) -> None:
    published.path.unlink()
    os.mkfifo(published.path)
    with pytest.raises(StartError, match="is not a regular file"):
        published.open(root())
