"""``signetctl seal``: what is said to it arrives, and what it prints and writes can be used."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.cli.app import app
from signetd.cli.seal.status import By, looks_like
from signetd.gm.sm3 import sm3
from tests.pki_ca import OpensslCa
from tests.unit.client.seal_server import DER, NOW, PNG, SealServer, failure, seal, serving, stamped

Run = Callable[..., Any]
CODE = "91110108MA01A2B3CF"
APPLY = (
    *("seal", "apply", "company", "--kind", "legal-name", "--title", "示例科技有限公司"),
    *("--owner", "示例科技有限公司", "--code", CODE, "--width", "40", "--height", "42"),
    *("--key", "sealing"),
)
STAMP = ("seal", "stamp", "company", "--property", "/Signature.xml")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[SealServer, str]]:
    with serving(tmp_path) as found:
        yield found


@pytest.fixture
def server(served: tuple[SealServer, str]) -> SealServer:
    return served[0]


@pytest.fixture
def signetctl(
    served: tuple[SealServer, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Run]:
    """Runs a command in a folder of its own, by the clock of Shanghai."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.chdir(tmp_path)
    time.tzset()
    (tmp_path / "seal.png").write_bytes(PNG)

    def run(*arguments: str, **options: Any) -> Any:
        return CliRunner().invoke(app, ["--endpoint", served[1], *arguments], **options)

    yield run
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def as_json(signetctl: Run) -> Run:
    """Runs a command that must be done, and returns what it printed as JSON."""

    def run(*arguments: str) -> Any:
        done = signetctl("--output", "json", *arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def moment(stamp: Any) -> str:
    found: datetime = stamp.ToDatetime(tzinfo=UTC)
    return found.isoformat()


def test_an_application_with_days(as_json: Run, server: SealServer) -> None:
    server.answers["ApplyForSeal"] = seal()
    dates = ("--from", "2026-12-01", "--until", "2028-12-01")
    as_json(*APPLY, "--picture", "seal.png", *dates, "--format", "v5")
    (request,) = server.asked("ApplyForSeal")
    assert moment(request.valid_from) == "2026-11-30T16:00:00+00:00"
    assert moment(request.valid_until) == "2028-12-01T15:59:59+00:00"
    assert request.kind == messages.SEAL_KIND_LEGAL_NAME
    assert (request.seal, request.title, request.signing_key) == (
        "company",
        "示例科技有限公司",
        "keys/sealing",
    )
    assert (request.picture.kind, request.picture.data) == ("PNG", PNG)
    assert (request.picture.width, request.picture.height) == (40, 42)
    assert request.format == messages.SEAL_FORMAT_V5


def test_an_application_with_times(as_json: Run, server: SealServer) -> None:
    server.answers["ApplyForSeal"] = seal()
    before = datetime.now(UTC).replace(microsecond=0)
    as_json(*APPLY, "--picture", "seal.png", "--until", "2028-12-01T09:30:00+08:00")
    (request,) = server.asked("ApplyForSeal")
    assert before <= request.valid_from.ToDatetime(tzinfo=UTC) <= datetime.now(UTC)
    assert moment(request.valid_until) == "2028-12-01T01:30:00+00:00"
    assert request.format == messages.SEAL_FORMAT_V4


def test_certificates_of_others_in_pem_and_der(
    as_json: Run, server: SealServer, tmp_path: Path
) -> None:
    server.answers["ApplyForSeal"] = seal()
    authority = OpensslCa(tmp_path / "ca", "sm2")
    (tmp_path / "one.pem").write_bytes(authority.root)
    (tmp_path / "two.der").write_bytes(b"0\x82 as it is")
    others = ("--certificate", "one.pem", "--certificate", "two.der")
    as_json(*APPLY, "--picture", "seal.png", "--until", "2028-12-01", *others)
    first, second = server.asked("ApplyForSeal")[0].other_certificates
    assert (first[:1], second) == (b"0", b"0\x82 as it is")
    (tmp_path / "both.pem").write_bytes(authority.root + authority.intermediate)


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (("--until", "2028-12-01T09:30"), 2, "with its zone"),
        (("--until", "soon"), 2, "neither a day"),
        (("--until", "2028-02-30"), 2, "neither a day"),
        (("--until", "9999-12-31"), 2, "neither a day"),
        (("--until", "2028-12-01", "--kind", "round"), 2, "legal-name"),
        (("--until", "2028-12-01", "--format", "v1"), 2, "v4"),
        (("--until", "2028-12-01", "--picture", "none.png"), 1, "none.png cannot be read"),
        (("--until", "2028-12-01", "--picture", "text"), 1, "none of PNG"),
        (("--until", "2028-12-01", "--certificate", "none.pem"), 1, "none.pem cannot be read"),
        (("--until", "2028-12-01", "--certificate", "two.pem"), 1, "two.pem is not one"),
    ],
)
def test_what_is_refused_before_anything_is_asked(
    changes: tuple[str, ...],
    code: int,
    said: str,
    signetctl: Run,
    server: SealServer,
    tmp_path: Path,
) -> None:
    (tmp_path / "text").write_text("no picture")
    pem = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
    (tmp_path / "two.pem").write_text(pem * 2 + "-----BEGIN")
    done = signetctl(*APPLY, "--picture", "seal.png", *changes)
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.replace("│", " ").split())
    assert server.requests == []


def test_a_change_has_what_the_old_seal_has(as_json: Run, server: SealServer) -> None:
    server.answers |= {"GetSeal": seal(), "ChangeSeal": seal("new")}
    as_json("seal", "change", "company", "new", "--reason", "更名", "--title", "示例科技集团")
    (request,) = server.asked("ChangeSeal")
    assert (request.name, request.reason) == ("seals/company", "更名")
    wanted = request.application
    assert (wanted.seal, wanted.title, wanted.owner) == ("new", "示例科技集团", seal().owner)
    assert wanted.picture == seal().picture
    assert wanted.kind == messages.SEAL_KIND_LEGAL_NAME
    assert wanted.format == messages.SEAL_FORMAT_V5
    assert wanted.valid_until == seal().valid_until
    assert wanted.signing_key == "keys/sealing"
    assert list(wanted.other_certificates) == [b"another's"]


def test_a_change_has_what_is_given(as_json: Run, server: SealServer, tmp_path: Path) -> None:
    server.answers |= {"GetSeal": seal(), "ChangeSeal": seal("new")}
    (tmp_path / "new.gif").write_bytes(b"GIF89a")
    as_json(
        *("seal", "change", "company", "new", "--reason", "x", "--kind", "business"),
        *("--owner", "某某", "--code", CODE, "--picture", "new.gif", "--width", "38"),
        *("--height", "30", "--from", "2027-01-01", "--until", "2027-12-31"),
        *("--key", "other", "--format", "v4"),
    )
    wanted = server.asked("ChangeSeal")[0].application
    assert wanted.kind == messages.SEAL_KIND_BUSINESS
    assert wanted.owner.name == "某某"
    assert (wanted.picture.kind, wanted.picture.width, wanted.picture.height) == ("GIF", 38, 30)
    assert moment(wanted.valid_from) == "2026-12-31T16:00:00+00:00"
    assert (wanted.signing_key, wanted.format) == ("keys/other", messages.SEAL_FORMAT_V4)


@pytest.mark.parametrize(
    ("command", "method", "fields"),
    [
        (("review", "a", "--accept"), "ReviewSeal", {"accepted": True}),
        (("review", "a", "--reject", "--reason", "no"), "ReviewSeal", {"reason": "no"}),
        (
            ("make", "a", "--key", "m", "--seal-id", "1101", "--approval", "x"),
            "MakeSeal",
            {"maker_key": "keys/m", "seal_id": "1101", "approval": "approvals/x"},
        ),
        (
            ("file", "a", "--number", "F 1", "--remark", "公安"),
            "FileSeal",
            {"filing_number": "F 1", "remark": "公安"},
        ),
        (("suspend", "a", "--reason", "r"), "SuspendSeal", {"reason": "r"}),
        (("resume", "a", "--reason", "r"), "ResumeSeal", {"reason": "r"}),
        (("cancel", "a", "--reason", "r"), "CancelSeal", {"reason": "r"}),
        (("show", "a"), "GetSeal", {}),
    ],
)
def test_what_is_asked_of_one_seal(
    command: tuple[str, ...],
    method: str,
    fields: dict[str, Any],
    as_json: Run,
    server: SealServer,
) -> None:
    server.answers[method] = seal("a")
    assert as_json("seal", *command)["name"] == "seals/a"
    assert server.asked(method) == [getattr(messages, f"{method}Request")(name="seals/a", **fields)]


@pytest.mark.parametrize(
    "command",
    [
        ("review", "a"),
        ("suspend", "a"),
        ("make", "a", "--key", "m"),
        ("file", "a"),
        ("export", "a"),
        ("compromised", "k"),
        ("change", "a", "b"),
    ],
)
def test_what_must_be_said(command: tuple[str, ...], signetctl: Run, server: SealServer) -> None:
    assert signetctl("seal", *command).exit_code == 2
    assert server.requests == []


def test_a_seal_as_json(as_json: Run, server: SealServer) -> None:
    server.answers["GetSeal"] = seal()
    found = as_json("seal", "show", "company")
    assert found == {
        "name": "seals/company",
        "state": "IN_USE",
        "state_reason": "",
        "kind": "LEGAL_NAME",
        "title": "示例科技有限公司",
        "owner": {"name": "示例科技有限公司", "unified_social_credit_code": CODE},
        "seal_id": "11010800000001",
        "format": "V5",
        "picture": {"kind": "PNG", "width": 40, "height": 42},
        "valid_from": "2026-11-25T09:30:00Z",
        "valid_until": "2028-11-25T09:30:00Z",
        "signing_key": "keys/sealing",
        "maker_key": "keys/maker",
        "certificates": ["b3du", "YW5vdGhlcidz"],
        "applicant": "app",
        "reviewer": "",
        "maker": "",
        "replaces": "",
        "replaced_by": "",
        "origin": "MADE",
        "sm3": sm3(DER).hex(),
        "filing_number": "F-1",
        "uses": 7,
    }


def test_a_seal_for_people(signetctl: Run, server: SealServer) -> None:
    server.answers["GetSeal"] = seal(title="示例\u202e司公")
    said = signetctl("seal", "show", "company").stdout
    assert f"示例科技有限公司 ({CODE})" in said
    assert "PNG, 40 x 42 mm" in said
    assert "\\u202e" in said, "what would turn the line around is escaped"
    assert "reviewer" not in said, "what there is not is left out"


def test_lists_and_histories(as_json: Run, signetctl: Run, server: SealServer) -> None:
    server.answers["ListSeals"] = messages.ListSealsResponse(seals=[seal("a"), seal("b")])
    event = messages.SealEvent(
        number=1, identity="app", act="apply", to=messages.SEAL_STATE_APPLIED, reason="new"
    )
    event.time.FromDatetime(NOW)
    server.answers["ListSealEvents"] = messages.ListSealEventsResponse(events=[event])
    found = as_json("seal", "list", "--state", "in-use", "--state", "made", "--code", CODE)
    assert [each["name"] for each in found] == ["seals/a", "seals/b"]
    (request,) = server.asked("ListSeals")
    assert list(request.states) == [messages.SEAL_STATE_IN_USE, messages.SEAL_STATE_MADE]
    assert request.unified_social_credit_code == CODE
    assert as_json("seal", "history", "a") == [
        {
            "number": 1,
            "time": "2026-11-25T09:30:00Z",
            "identity": "app",
            "act": "apply",
            "from": "UNSPECIFIED",
            "to": "APPLIED",
            "reason": "new",
        }
    ]
    assert "UNSPECIFIED" not in signetctl("seal", "history", "a").stdout
    assert "seals/b" in signetctl("seal", "list").stdout


def test_a_compromised_key(as_json: Run, signetctl: Run, server: SealServer) -> None:
    reply = messages.ReportKeyCompromiseResponse(suspended=["seals/a"])
    server.answers["ReportKeyCompromise"] = reply
    said = ("seal", "compromised", "k", "--reason", "stolen")
    assert as_json(*said) == {"key": "k", "suspended": ["seals/a"]}
    assert "suspended: seals/a" in signetctl(*said).stdout


@pytest.mark.parametrize(
    ("seal", "by"),
    [
        ("company", By.NAME),
        ("seals/company", By.NAME),
        ("a" * 63, By.NAME),
        ("11010800000001", By.SEAL_ID),
        ("A-1", By.SEAL_ID),
        ("0b" * 32, By.SM3),
        ("AB" * 32, By.SM3),
    ],
)
def test_what_a_seal_is_named_by(seal: str, by: By) -> None:
    assert looks_like(seal) is by


def test_a_status(as_json: Run, signetctl: Run, server: SealServer) -> None:
    server.answers["GetSealStatus"] = messages.SealStatus(
        seal_id="1101", state=messages.SEAL_STATE_IN_USE, good=True
    )
    assert as_json("seal", "status", "company", "--at", "2026-11-25")["good"] is True
    as_json("seal", "status", "company", "--by", "seal-id")
    first, second = server.asked("GetSealStatus")
    assert (first.name, moment(first.time)) == ("seals/company", "2026-11-24T16:00:00+00:00")
    assert second.seal_id == "company"
    server.answers["GetSealStatus"] = messages.SealStatus(good=False, reason="it was suspended")
    done = signetctl("seal", "status", "company")
    assert (done.exit_code, "it was suspended" in done.stdout) == (1, True)


def test_the_picture_and_the_data_are_written(
    signetctl: Run, server: SealServer, tmp_path: Path
) -> None:
    server.answers["GetSeal"] = seal()
    done = signetctl("seal", "show", "company", "--picture", "p.png")
    assert (done.exit_code, (tmp_path / "p.png").read_bytes()) == (0, PNG)
    assert "seals/company" in done.stdout
    assert signetctl("seal", "show", "company", "--picture", "-").stdout_bytes == PNG
    done = signetctl("seal", "export", "company", "-o", "c.esl", "--filing", "f.json")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "c.esl").read_bytes() == DER
    assert (tmp_path / "f.json").read_bytes() == b'{"kind": "seal-filing"}'
    assert signetctl("seal", "export", "company", "-o", "-").stdout_bytes == DER


@pytest.mark.parametrize(
    ("lacks", "said"), [(("der", "sm3"), "made"), (("filing_record",), "filed")]
)
def test_what_there_is_not_is_not_exported(
    lacks: tuple[str, ...], said: str, signetctl: Run, server: SealServer, tmp_path: Path
) -> None:
    found: Any = seal()
    for field in lacks:
        found.ClearField(field)
    server.answers["GetSeal"] = found
    done = signetctl("seal", "export", "company", "-o", "c.esl", "--filing", "f.json")
    assert (done.exit_code, said in done.stderr) == (1, True)
    assert "SEAL_STATE_WRONG" in done.stderr
    assert not {"c.esl", "f.json"} & set(os.listdir(tmp_path))


def test_an_import(as_json: Run, signetctl: Run, server: SealServer, tmp_path: Path) -> None:
    server.answers["ImportSeal"] = seal("theirs")
    (tmp_path / "theirs.esl").write_bytes(DER)
    what = ("--kind", "department", "--owner", "某某", "--code", CODE)
    given = ("seal", "import", "theirs", "theirs.esl", *what)
    as_json(*given, "--key", "k", "--trust-list", "region")
    (request,) = server.asked("ImportSeal")
    assert (request.seal, request.der) == ("theirs", DER)
    assert request.kind == messages.SEAL_KIND_DEPARTMENT
    assert (request.signing_key, request.trust_list) == ("keys/k", "trustLists/region")
    (tmp_path / "theirs.esl").write_bytes(bytes((2 << 20) + 1))
    for file, said in (("theirs.esl", "2 MiB"), ("none.esl", "cannot be read")):
        done = signetctl("seal", "import", "theirs", file, *what)
        assert (done.exit_code, said in done.stderr) == (1, True)
    assert len(server.requests) == 1


def test_refusals_are_told(signetctl: Run, server: SealServer) -> None:
    server.answers["GetSeal"] = failure("PERMISSION_DENIED")
    done = signetctl("seal", "show", "company")
    assert (done.exit_code, done.stderr) == (
        1,
        "signetctl: no: PERMISSION_DENIED [PERMISSION_DENIED]\n",
    )
    done = signetctl("--output", "json", "seal", "show", "company")
    assert json.loads(done.stderr)["reason"] == "PERMISSION_DENIED"


class TestStamping:
    def test_a_file_is_hashed_here(self, as_json: Run, server: SealServer, tmp_path: Path) -> None:
        server.answers["Stamp"] = stamped()
        (tmp_path / "doc").write_bytes(b"document")
        found = as_json(*STAMP, "doc", "-o", "SignedValue.dat", "--timestamp", "--approval", "x")
        assert found == {
            "stamp": "SignedValue.dat",
            "time": "2026-11-25T09:30:00Z",
            "key_version": "keys/sealing/versions/1",
            "timestamped": False,
            "timestamp_failure": "",
            "audit_number": 12,
        }
        assert (tmp_path / "SignedValue.dat").read_bytes() == b"a stamp"
        (request,) = server.asked("Stamp")
        assert request.document_digest == sm3(b"document")
        assert request.property_info == "/Signature.xml"
        assert (request.timestamp, request.approval) == (True, "approvals/x")

    def test_a_digest_to_stdout(self, signetctl: Run, server: SealServer) -> None:
        server.answers["Stamp"] = stamped(timestamp_failure="the authority is away")
        done = signetctl(*STAMP, "--digest", "AB" * 32, "-o", "-")
        assert done.stdout_bytes == b"a stamp"
        assert "the authority is away" in done.stderr
        assert server.asked("Stamp")[0].document_digest == bytes.fromhex("ab" * 32)

    @pytest.mark.parametrize(
        "wrong",
        [
            (),
            ("doc", "--digest", "ab" * 32),
            ("--digest", "ab" * 20),
            ("--digest", "xy" * 32),
            ("none",),
            ("doc", "seal.png", "--approval", "x"),
        ],
    )
    def test_usage(
        self, wrong: tuple[str, ...], signetctl: Run, server: SealServer, tmp_path: Path
    ) -> None:
        (tmp_path / "doc").write_bytes(b"document")
        assert signetctl(*STAMP, *wrong, "-o", "out.dat").exit_code == 2
        assert server.requests == []
        assert not (tmp_path / "out.dat").exists()

    @pytest.mark.parametrize("out", [".", "none/SignedValue.dat"])
    def test_nothing_is_stamped_that_could_not_be_written(
        self, out: str, signetctl: Run, server: SealServer
    ) -> None:
        done = signetctl(*STAMP, "seal.png", "-o", out)
        assert (done.exit_code, "cannot be written" in done.stderr) == (1, True)
        assert server.requests == []

    def test_a_refusal_writes_nothing(
        self, signetctl: Run, server: SealServer, tmp_path: Path
    ) -> None:
        server.answers["Stamp"] = failure("SEAL_STATE_WRONG")
        (tmp_path / "SignedValue.dat").write_bytes(b"the one before")
        done = signetctl(*STAMP, "seal.png", "-o", "SignedValue.dat")
        assert (done.exit_code, "SEAL_STATE_WRONG" in done.stderr) == (1, True)
        assert (tmp_path / "SignedValue.dat").read_bytes() == b"the one before"


class TestStampingSeveral:
    @pytest.fixture
    def documents(self, tmp_path: Path) -> list[str]:
        names = [f"d{number}" for number in range(4)]
        for name in names:
            (tmp_path / name).write_text(name)
        return names

    @staticmethod
    def answer(
        request: messages.BatchStampRequest, room: int = 1000, wrong: str = ""
    ) -> messages.BatchStampResponse:
        """Stamp *room* items, and say of the others that there was no room for them."""
        results = []
        for place, item in enumerate(request.requests):
            if item.document_digest == sm3(wrong.encode()):
                results.append(messages.BatchStampResult(error=failure("LIMIT_REACHED")))
            elif place < room:
                reply = stamped(b"of " + item.document_digest)
                results.append(messages.BatchStampResult(response=reply))
            else:
                results.append(messages.BatchStampResult(error=failure("BATCH_TOO_LARGE")))
        return messages.BatchStampResponse(results=results)

    @pytest.mark.parametrize(("room", "batches"), [(1000, 1), (3, 2), (1, 4)])
    def test_in_as_many_batches_as_it_takes(
        self,
        room: int,
        batches: int,
        documents: list[str],
        as_json: Run,
        server: SealServer,
        tmp_path: Path,
    ) -> None:
        server.answers["BatchStamp"] = lambda request: self.answer(request, room)
        found = as_json(*STAMP, *documents, "-o", "stamps")
        assert [each["file"] for each in found] == documents
        assert len(server.asked("BatchStamp")) == batches
        for name in documents:
            stamp = (tmp_path / "stamps" / f"{name}.dat").read_bytes()
            assert stamp == b"of " + sm3(name.encode())

    def test_one_of_them_fails(
        self, documents: list[str], signetctl: Run, server: SealServer, tmp_path: Path
    ) -> None:
        server.answers["BatchStamp"] = lambda request: self.answer(request, wrong="d1")
        done = signetctl("--output", "json", *STAMP, *documents, "-o", "stamps")
        assert done.exit_code == 1
        found = json.loads(done.stdout)
        assert found[1] == {"file": "d1", "error": "no: LIMIT_REACHED", "reason": "LIMIT_REACHED"}
        assert sorted(os.listdir(tmp_path / "stamps")) == ["d0.dat", "d2.dat", "d3.dat"]

    def test_a_later_batch_fails_as_a_whole(
        self, documents: list[str], signetctl: Run, server: SealServer, tmp_path: Path
    ) -> None:
        answers = [lambda request: self.answer(request, 2), failure("AUDIT_UNAVAILABLE")]
        server.answers["BatchStamp"] = answers
        done = signetctl("--output", "json", *STAMP, *documents, "-o", "stamps")
        assert done.exit_code == 1
        reasons = [each.get("reason") for each in json.loads(done.stdout)]
        assert reasons == [None, None, "AUDIT_UNAVAILABLE", "AUDIT_UNAVAILABLE"]
        assert sorted(os.listdir(tmp_path / "stamps")) == ["d0.dat", "d1.dat"]

    def test_nothing_is_left_when_all_fail(
        self, documents: list[str], signetctl: Run, server: SealServer, tmp_path: Path
    ) -> None:
        server.answers["BatchStamp"] = failure("PERMISSION_DENIED")
        assert signetctl(*STAMP, *documents, "-o", "stamps").exit_code == 1
        assert not (tmp_path / "stamps").exists()

    @pytest.mark.parametrize(
        ("files", "out", "said"),
        [
            (("d0", "sub/d0"), "stamps", "the same name"),
            (("d0", "d1"), "d2", "is no folder"),
            (("d0", "d1"), "none/stamps", "is no folder"),
            (("d0", "d1"), "-", "is no folder"),
        ],
    )
    @pytest.mark.usefixtures("documents")
    def test_what_is_refused_before_anything_is_stamped(
        self,
        files: tuple[str, ...],
        out: str,
        said: str,
        signetctl: Run,
        server: SealServer,
        tmp_path: Path,
    ) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "d0").write_text("another")
        done = signetctl(*STAMP, *files, "-o", out)
        assert (done.exit_code, said in done.stderr) == (1, True), done.output
        assert server.requests == []
