"""A file of revocation lists: what a chain must have in it, and what becomes of a new file."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from signetd.daemon.credentials import CrlFile, crl_file
from signetd.daemon.errors import StartError
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.certificates import CLIENT, DAY, NOW, Holder, forger, pem, root
from tests.unit.daemon.credentials.conftest import HandClock, Published

SECOND = timedelta(seconds=1)


@pytest.fixture
def holder() -> Holder:
    return root().issue(CLIENT)


def _refusal(file: CrlFile, published: Published, holder: Holder) -> SignetError:
    with pytest.raises(SignetError) as caught:
        file.check(published.links(holder), published.clock())
    return caught.value


def _passes(file: CrlFile, published: Published, holder: Holder) -> None:
    file.check(published.links(holder), published.clock())


def test_the_revoked_is_refused_and_others_are_not(published: Published, holder: Holder) -> None:
    published.put(root().crl(holder.certificate))
    file = published.open(root())
    refused = _refusal(file, published, holder)
    assert refused.reason is Reason.CERTIFICATE_REVOKED
    assert f"{holder.certificate.serial_number:x}" in refused.message
    _passes(file, published, root().issue(CLIENT))


def test_a_list_counts_from_its_begin_to_its_end(
    published: Published, clock: HandClock, holder: Holder
) -> None:
    file = published.open(root())
    for clock.now in (NOW - DAY, NOW + DAY):
        _passes(file, published, holder)
    for clock.now, says in ((NOW - DAY - SECOND, "counts from"), (NOW + DAY + SECOND, "ran out")):
        refused = _refusal(file, published, holder)
        assert refused.reason is Reason.REVOCATION_UNKNOWN
        assert says in refused.message
        assert "An administrator has to put a current list" in refused.message


def test_the_revoked_is_so_also_by_a_list_that_ran_out(
    published: Published, clock: HandClock, holder: Holder
) -> None:
    published.put(root().crl(holder.certificate))
    file = published.open(root())
    clock.now = NOW + 2 * DAY
    assert _refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED


def test_a_ca_without_a_list_is_refused(published: Published) -> None:
    other = root("other CA")
    file = published.open(root(), other)
    refused = _refusal(file, published, other.issue(CLIENT))
    assert refused.reason is Reason.REVOCATION_UNKNOWN
    assert "there is no revocation list of its CA, CN=other CA" in refused.message


def test_an_issuer_that_is_not_in_client_ca_is_refused(published: Published) -> None:
    """An intermediate CA that the client sends along is good for TLS, but its list is not here."""
    file = published.open(root())
    for issuer in (root().issue_authority("sent along"), forger()):
        assert _refusal(file, published, issuer.issue(CLIENT)).reason is Reason.REVOCATION_UNKNOWN


def test_an_intermediate_ca_is_looked_at_too(published: Published) -> None:
    middle = root().issue_authority("middle CA")
    holder = middle.issue(CLIENT)
    published.put(root().crl(), middle.crl())
    file = published.open(root(), middle)
    _passes(file, published, holder)
    later = (NOW - DAY + SECOND, NOW + DAY)
    published.put(root().crl(middle.certificate, life=later), middle.crl(life=later))
    file.look()
    refused = _refusal(file, published, holder)
    assert refused.reason is Reason.CERTIFICATE_REVOKED
    assert refused.message.startswith(
        "A CA of the client certificate has been revoked by CN=test CA"
    )


def test_an_intermediate_ca_alone_needs_its_own_list_only(published: Published) -> None:
    middle = root().issue_authority("middle CA")
    published.put(middle.crl())
    _passes(published.open(middle), published, middle.issue(CLIENT))


def test_a_ca_that_has_renewed_its_certificate_is_one(published: Published) -> None:
    middle = root().issue_authority("middle CA")
    renewed = root().renew(middle)
    published.put(root().crl(), middle.crl())
    file = published.open(middle, root(), renewed)
    assert len(published.links(middle.issue(CLIENT))) == 3
    _passes(file, published, middle.issue(CLIENT))


def test_a_new_file_is_read(published: Published, holder: Holder) -> None:
    file = published.open(root())
    _passes(file, published, holder)
    published.put(root().crl(holder.certificate))
    file.look()
    assert _refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED
    published.put(root().crl())
    file.look()
    _passes(file, published, holder)


def test_a_file_that_was_written_over_is_read_as_well(published: Published, holder: Holder) -> None:
    file = published.open(root())
    published.path.write_bytes(pem(root().crl(holder.certificate)))
    file.look()
    assert _refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED


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
    assert _refusal(file, published, revoked).reason is Reason.CERTIFICATE_REVOKED
    _passes(file, published, root().issue(CLIENT))
    if kind == "folder":
        published.path.rmdir()
    published.put(root().crl())
    file.look()
    assert file.problem == ""
    _passes(file, published, revoked)


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


def test_an_older_list_does_not_take_back_what_was_revoked(
    published: Published, holder: Holder
) -> None:
    published.put(root().crl(holder.certificate))
    file = published.open(root())
    published.put(root().crl(life=(NOW - DAY - SECOND, NOW + DAY)))
    file.look()
    assert "older than the one in use" in file.problem
    assert _refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED


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
    assert _refusal(file, published, holder).reason is Reason.REVOCATION_UNKNOWN


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
