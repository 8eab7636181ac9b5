"""Makers are verified before they make, and seals of version 5 get a time stamp."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp  # type: ignore[import-untyped]

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.config.schema import Seals as Config
from signetd.daemon.seals.judging import SealJudge
from signetd.daemon.seals.stamp_tokens import StampTokens
from signetd.daemon.timestamps import Stamped
from signetd.daemon.trust.folders import TrustFolders
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate, Revocation, TrustStore
from signetd.pki.timestamp import TimeStampToken
from signetd.seal import Circumstances, Format, Rules, Verdict, as_lines, parse_seal, verify_seal
from tests import tsa
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import MAKER_SPKI, Authority, Office, certificate, refusal
from tests.unit.pki import forest


@pytest.fixture
async def accepted(office: Office) -> Office:
    await office.apply(format=messages.SEAL_FORMAT_V5)
    await office.review()
    return office


async def test_a_maker_who_does_not_hold_makes_nothing(accepted: Office) -> None:
    accepted.maker_judge.failure = SignetError(Reason.CERTIFICATE_UNSUITABLE, "It is revoked.")
    error = await refusal(accepted.make())
    assert (error.reason, error.message) == (Reason.CERTIFICATE_UNSUITABLE, "It is revoked.")
    assert accepted.token.signed == 0, "the maker is verified before anything is signed"
    assert (await accepted.get()).state == messages.SEAL_STATE_ACCEPTED


async def test_what_would_not_verify_here_is_not_kept(accepted: Office) -> None:
    accepted.maker_judge.refused = SignetError(Reason.SEAL_INVALID, "Its time stamp is not good.")
    assert (await refusal(accepted.make())).reason is Reason.SEAL_INVALID
    assert (await accepted.get()).state == messages.SEAL_STATE_ACCEPTED
    accepted.maker_judge.refused = None
    made = await accepted.make()
    assert accepted.maker_judge.made[-1] == made.der


async def test_the_makers_own_chain_helps(accepted: Office) -> None:
    chain = (certificate("maker"), samples.root())
    await accepted.change_key("maker", certificates=chain)
    await accepted.make()
    assert accepted.maker_judge.asked[-1] == (chain[0], chain[1:])


class TestJudge:
    """What the folders and rules of the configuration say of a maker's certificate."""

    def judge(self, folder: Path, **options: Any) -> SealJudge:
        roots = folder / "makers"
        roots.mkdir()
        (roots / "root.der").write_bytes(samples.root())
        config = Config(**{"makers": roots, "revocation": "ignored", **options})
        return SealJudge(config, TrustFolders(config), lambda: samples.NOW)

    def maker(self, **changes: Any) -> Certificate:
        return Certificate.read(samples.certificate(MAKER_SPKI, "maker", **changes))

    async def problem(self, judge: SealJudge, **changes: Any) -> SignetError:
        error = await refusal(judge.check_maker(self.maker(**changes)))
        assert error.reason is Reason.CERTIFICATE_UNSUITABLE
        return error

    async def test_one_that_holds(self, tmp_path: Path) -> None:
        await self.judge(tmp_path).check_maker(self.maker())

    async def test_without_anybody_who_is_trusted_nobody_makes_seals(self, tmp_path: Path) -> None:
        error = await self.problem(self.judge(tmp_path, makers=None))
        assert "[seals] makers" in error.message

    async def test_one_for_whom_nobody_vouches(self, tmp_path: Path) -> None:
        judge = self.judge(tmp_path)
        (tmp_path / "makers" / "root.der").write_bytes(forest.root("sm2", "stranger").der)
        error = await self.problem(judge)
        assert error.metadata["check"] in ("PATH", "TRUST_ANCHOR"), error

    @pytest.mark.parametrize(("first", "last"), [(-10, -1), (1, 10)], ids=["expired", "to come"])
    async def test_one_that_is_not_valid_now(self, tmp_path: Path, first: int, last: int) -> None:
        life = (samples.NOW + first * samples.DAY, samples.NOW + last * samples.DAY)
        error = await self.problem(self.judge(tmp_path), life=life)
        assert error.metadata["check"] == "VALIDITY", error

    async def test_one_that_is_for_something_else(self, tmp_path: Path) -> None:
        error = await self.problem(self.judge(tmp_path), usages=("key_encipherment",))
        assert error.metadata["check"] == "KEY_USAGE", error

    async def test_one_of_which_nobody_knows_whether_it_is_revoked(self, tmp_path: Path) -> None:
        error = await self.problem(self.judge(tmp_path, revocation="required"))
        assert error.metadata["check"] == "REVOCATION", error

    async def test_folders_that_cannot_be_read(self, tmp_path: Path) -> None:
        judge = self.judge(tmp_path)
        (tmp_path / "makers" / "broken.pem").write_bytes(b"no certificate")
        error = await refusal(judge.check_maker(self.maker()))
        assert error.reason is Reason.TRUST_UNUSABLE, "the daemon's log names the file"

    async def test_a_chain_that_cannot_be_read(self, tmp_path: Path) -> None:
        work = self.judge(tmp_path).check_maker(self.maker(), [b"x"])
        assert (await refusal(work)).reason is Reason.CERTIFICATE_UNSUITABLE

    async def test_a_seal_that_is_for_later(self, office: Office, tmp_path: Path) -> None:
        made = await office.made(valid_from=samples.NOW + samples.DAY)
        judge = self.judge(tmp_path)
        await judge.check_made("company", made.der)
        (tmp_path / "makers" / "root.der").write_bytes(forest.root("sm2", "stranger").der)
        judge = SealJudge(
            Config(makers=tmp_path / "makers", revocation="ignored"),
            TrustFolders(Config(makers=tmp_path / "makers")),
            lambda: samples.NOW,
        )
        error = await refusal(judge.check_made("company", made.der))
        assert error.reason is Reason.SEAL_INVALID


class TestTimeStamps:
    """A seal of version 5 has one over the signature's value, where there is an authority."""

    @pytest.fixture
    def authority(self, accepted: Office, tmp_path: Path) -> Authority:
        made = Authority()
        self.times = tsa.Authority(tmp_path / "tsa")
        made.answer = lambda: Stamped(TimeStampToken.read(self.token(made.asked[-1])))
        self.use(accepted, made)
        return made

    def use(self, office: Office, authority: Authority | None, *, degrade: bool = False) -> None:
        office.seals.maker._times = StampTokens(authority, degrade=degrade)

    def token(self, data: bytes, **changes: Any) -> bytes:
        imprint = {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": hashlib.sha256(data).digest(),
        }
        asked = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
        return self.times.token(asked.dump(), **changes)

    async def test_it_is_over_the_signature(self, accepted: Office, authority: Authority) -> None:
        made = await accepted.make()
        seal = parse_seal(made.der)
        assert seal.time_token is not None
        assert authority.asked == [seal.signature]
        given = Circumstances(
            rules=Rules.GMT_0031_2025,
            at=tsa.now() + timedelta(minutes=1),  # the authority's clock is the real one
            makers=TrustStore("makers", [Certificate.read(samples.root())]),
            time_authorities=TrustStore.read(self.times.trust),
            revocation=Revocation.IGNORED,
        )
        report = verify_seal(made.der, given)
        assert report.verdict is Verdict.GOOD, as_lines(report)
        results = {each.name: each.result for each in report.checks}
        assert results["SEAL_TIMESTAMP"] == "passed", as_lines(report)
        assert made.state_reason == ""
        (record,) = accepted.records(operation="make-seal")
        assert record["detail"].endswith(" timestamped")

    async def test_seals_of_version_4_have_no_place_for_it(
        self, accepted: Office, authority: Authority
    ) -> None:
        made = await accepted.made("four", format=messages.SEAL_FORMAT_V4)
        assert parse_seal(made.der).format is Format.V4
        assert authority.asked == []

    async def test_without_an_authority_there_is_none(self, accepted: Office) -> None:
        self.use(accepted, None)
        made = await accepted.make()
        assert parse_seal(made.der).time_token is None
        assert made.state_reason == ""

    async def test_where_none_is_to_be_had_nothing_is_made(
        self, accepted: Office, authority: Authority
    ) -> None:
        def fail() -> Stamped:
            raise SignetError(Reason.TIMESTAMP_FAILED, "Nobody answers.")

        authority.answer = fail
        assert (await refusal(accepted.make())).reason is Reason.TIMESTAMP_FAILED
        assert (await accepted.get()).state == messages.SEAL_STATE_ACCEPTED
        assert not accepted.records(operation="make-seal")

    async def test_where_that_may_pass_the_reply_history_and_record_say_so(
        self, accepted: Office, authority: Authority
    ) -> None:
        authority.answer = lambda: Stamped(None, "Nobody answers. " * 100)
        made = await accepted.make()
        assert made.state == messages.SEAL_STATE_MADE
        assert parse_seal(made.der).time_token is None
        told = "made without a time stamp: Nobody answers."
        assert made.state_reason.startswith(told)
        assert (await accepted.events())[-1].reason == made.state_reason
        (record,) = accepted.records(operation="make-seal")
        assert f" {told}" in record["detail"]
        assert len(record["detail"]) < 500

    @pytest.mark.parametrize("degrade", [False, True])
    async def test_a_time_before_the_seal_is_not_taken(
        self, accepted: Office, authority: Authority, degrade: bool
    ) -> None:
        self.use(accepted, authority, degrade=degrade)
        early = accepted.now - timedelta(minutes=2)
        authority.answer = lambda: Stamped(
            TimeStampToken.read(self.token(authority.asked[-1], at=early))
        )
        if degrade:
            assert "before the time" in (await accepted.make()).state_reason
        else:
            assert (await refusal(accepted.make())).reason is Reason.TIMESTAMP_FAILED
