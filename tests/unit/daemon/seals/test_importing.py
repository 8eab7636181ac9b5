"""Seals that were made elsewhere."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.config.schema import Seals
from signetd.daemon.keys import KeyState
from signetd.daemon.seals.types import RegisteredSeal, SealEvent
from signetd.daemon.trust.folders import TrustFolders
from signetd.daemon.trust.refusals import not_found
from signetd.daemon.trust.threads import VerifyThreads
from signetd.daemon.trust.verifier import Verifier
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3
from signetd.seal import (
    CertificateDigest,
    Extension,
    Format,
    Picture,
    Properties,
    Trust,
    seal,
    seal_info,
)
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import Office, certificate, refusal
from tests.unit.pki.holders import Key, key, sign

DAY, NOW = samples.DAY, samples.NOW
VECTORS = Path(__file__).parents[3] / "vectors" / "seals"
CASES = [
    case
    for case in json.loads((VECTORS / "manifest.json").read_text())["cases"]
    # What the standards leave open, or a reader may put up with, is for the tests of the reader.
    if case["kind"] == "seal"
    and case["expected"]["gbt38540"] is not None
    and not case["expected"]["gbt38540"].get("tolerable")
]


def elsewhere() -> Key:
    """The key of a maker who is somewhere else; openssl signs with it."""
    return key("sm2", "a maker elsewhere")


def made(
    seal_id: str = "44030012345678",
    format: Format = Format.V4,
    maker: bytes = b"",
    extensions: tuple[Extension, ...] = (),
    **changes: Any,
) -> bytes:
    """Return a seal that somebody else has made."""
    values: dict[str, Any] = {
        "kind": 1,
        "name": "外地有限公司",
        "create_time": NOW - DAY,
        "valid_from": NOW - DAY,
        "valid_until": NOW + 100 * DAY,
    }
    if "digests" not in changes:
        values["certificates"] = (certificate("sealing"),)
    info = seal_info(
        format=format,
        vendor="elsewhere",
        seal_id=seal_id,
        properties=Properties(**(values | changes)),
        picture=Picture(kind="PNG", data=samples.png(), width=40, height=40),
        extensions=extensions,
    )
    own = maker or samples.certificate(elsewhere().spki, "elsewhere")
    return seal(info, own, sign(elsewhere(), info), format=format)


async def take(office: Office, der: bytes, seal: str = "imported", **fields: Any) -> Any:
    request: dict[str, Any] = {
        "seal": seal,
        "der": der,
        "kind": messages.SEAL_KIND_LEGAL_NAME,
        "owner": {"name": "外地有限公司", "unified_social_credit_code": samples.OTHER_CODE},
    }
    return await office.call("reviewer", "ImportSeal", **(request | fields))


@pytest.mark.parametrize("format", [Format.V4, Format.V5])
async def test_a_seal_from_elsewhere_waits_to_be_filed(every: Office, format: Format) -> None:
    der = made(format=format)
    taken = await take(every, der, signing_key="keys/sealing")
    assert (taken.state, taken.origin) == (
        messages.SEAL_STATE_MADE,
        messages.SEAL_ORIGIN_IMPORTED,
    )
    assert (taken.seal_id, taken.format, taken.title) == ("44030012345678", format, "外地有限公司")
    assert (taken.der, taken.sm3) == (der, sm3(der).hex())
    assert (taken.maker_key, taken.signing_key) == ("", "keys/sealing")
    assert every.verifier.asked == [(der, "")]
    filed = await every.file("imported", who="other")
    assert filed.state == messages.SEAL_STATE_IN_USE
    assert [each.act for each in await every.events("imported")] == ["import", "file"]


async def test_who_imports_a_seal_does_not_file_it(every: Office) -> None:
    await take(every, made())
    error = await refusal(every.file("imported"))
    assert (error.reason, "has imported the seal" in error.message) == (Reason.SAME_PERSON, True)
    assert (await every.get("imported")).state == messages.SEAL_STATE_MADE
    assert not every.statements.made, "nothing may be signed of what is refused"
    assert (await every.file("imported", who="other")).state == messages.SEAL_STATE_IN_USE


async def test_a_seal_with_digests_of_certificates(office: Office) -> None:
    digest = CertificateDigest("SM3", sm3(certificate("sealing")))
    taken = await take(office, made(digests=(digest,)), signing_key="keys/sealing")
    assert (list(taken.certificates), taken.signing_key) == ([], "keys/sealing")


async def test_a_seal_that_does_not_verify_is_not_taken(office: Office) -> None:
    office.verifier.failure = SignetError(Reason.SEAL_INVALID, "Not good.")
    assert (await refusal(take(office, made()))).reason is Reason.SEAL_INVALID
    assert (await refusal(office.get("imported"))).reason is Reason.SEAL_NOT_FOUND


async def test_the_trust_list_is_handed_on(office: Office) -> None:
    await take(office, made(), trust_list="trustLists/tax")
    assert office.verifier.asked[0][1] == "trustLists/tax"
    error = await refusal(take(office, made("2"), "second", trust_list="lists/x"))
    assert (error.reason, "trust_list" in error.message) == (Reason.INPUT_INVALID, True)


@pytest.mark.parametrize("der", [b"x", b"\x30\x00", made()[:-1], made() + b"\0"])
async def test_what_is_no_seal_is_not_taken(office: Office, der: bytes) -> None:
    error = await refusal(take(office, der))
    assert (error.reason, "SESeal" in error.message) == (Reason.SEAL_INVALID, True)


async def test_a_seal_that_is_too_large_to_be_given_out(office: Office) -> None:
    some = tuple(Extension(f"1.2.{number}", False, bytes(60_000)) for number in range(40))
    error = await refusal(take(office, made(extensions=some)))
    assert (error.reason, "its data has" in error.message) == (Reason.SEAL_INVALID, True)


async def test_a_seal_is_here_once(every: Office) -> None:
    der = made()
    await take(every, der)
    same = await refusal(take(every, der, "again"))
    assert (same.reason, "seals/imported" in same.message) == (Reason.SEAL_EXISTS, True)
    twin = await refusal(take(every, made(name="另一个"), "twin"))
    assert (twin.reason, "44030012345678" in twin.message) == (Reason.SEAL_EXISTS, True)
    assert (await refusal(take(every, made("3"), "imported"))).reason is Reason.SEAL_EXISTS


async def test_the_code_of_an_imported_seal_is_not_given_again(office: Office) -> None:
    await take(office, made("3301"))
    await office.apply()
    await office.review()
    assert (await refusal(office.make(seal_id="3301"))).reason is Reason.SEAL_EXISTS


async def test_a_key_must_be_in_the_seal(office: Office) -> None:
    error = await refusal(take(office, made(), signing_key="keys/sealing-2"))
    assert error.reason is Reason.CERTIFICATE_UNSUITABLE
    assert "is not in the seal" in error.message
    await office.change_key("sealing", state=KeyState.DISABLED)
    error = await refusal(take(office, made(), signing_key="keys/sealing"))
    assert error.reason is Reason.KEY_STATE_WRONG


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"der": b""}, Reason.INPUT_MISSING),
        ({"kind": 0}, Reason.INPUT_MISSING),
        ({"owner": {}}, Reason.INPUT_MISSING),
        ({"signing_key": "x"}, Reason.INPUT_INVALID),
        ({"signing_key": "keys/none"}, Reason.KEY_NOT_FOUND),
    ],
)
async def test_what_is_wrong_with_an_import(
    office: Office, fields: dict[str, Any], reason: Reason
) -> None:
    assert (await refusal(take(office, fields.pop("der", made()), **fields))).reason is reason


class Nothing:
    """No trust lists, and no seals that are known."""

    def trust(self, list_id: str, at: datetime) -> tuple[Trust, str]:
        raise not_found(list_id)

    def find(self, *, sm3: str) -> RegisteredSeal | None:
        return None

    def events(self, seal: str) -> list[SealEvent]:
        return []


def office_verifier(config: Seals, now: datetime) -> Verifier:
    """What the daemon judges imported seals by, at a time."""
    folders = TrustFolders(config)
    return Verifier(config, folders, Nothing(), Nothing(), VerifyThreads(), lambda: now)


class TestTrust:
    """What the configuration trusts, with certificates and signatures by openssl."""

    async def check(self, folder: Path, der: bytes, trust_list: str = "", **config: Any) -> None:
        makers = folder / "makers"
        makers.mkdir(exist_ok=True)
        (makers / "root.der").write_bytes(samples.root())
        given: dict[str, Any] = {"makers": makers, "revocation": "ignored"}
        trust = office_verifier(Seals(**(given | config)), NOW)
        await trust.verify(der, trust_list)

    async def test_a_maker_with_a_trusted_root(self, tmp_path: Path) -> None:
        for format in (Format.V4, Format.V5):
            await self.check(tmp_path, made(format=format))

    async def test_another_signature(self, tmp_path: Path) -> None:
        der = bytearray(made())
        der[-1] ^= 1
        error = await refusal(self.check(tmp_path, bytes(der)))
        assert "(SEAL_SIGNATURE)" in error.message

    async def test_a_changed_name(self, tmp_path: Path) -> None:
        der = made().replace("外地".encode(), "本地".encode())
        assert "(SEAL_SIGNATURE)" in (await refusal(self.check(tmp_path, der))).message

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"life": (NOW - 10 * DAY, NOW - DAY)}, "(MAKER_VALIDITY)"),
            ({"usages": ("key_encipherment",)}, "(MAKER_KEY_USAGE)"),
        ],
    )
    async def test_makers_who_may_not(
        self, tmp_path: Path, changes: dict[str, Any], said: str
    ) -> None:
        own = samples.certificate(elsewhere().spki, "elsewhere", **changes)
        error = await refusal(self.check(tmp_path, made(maker=own)))
        assert (error.reason, said in error.message) == (Reason.SEAL_INVALID, True), error.message

    async def test_nobody_is_trusted_unless_it_is_said(self, tmp_path: Path) -> None:
        error = await refusal(self.check(tmp_path, made(), makers=None))
        assert "[seals] makers" in error.message
        error = await refusal(self.check(tmp_path, made(), makers=tmp_path / "missing"))
        # It says nothing of the seal, and where the folder is concerns the daemon's log only.
        assert (error.reason, "missing" in error.message) == (Reason.TRUST_UNUSABLE, False)

    async def test_revocation_is_asked_for_by_default(self, tmp_path: Path) -> None:
        error = await refusal(self.check(tmp_path, made(), revocation="required"))
        assert "(MAKER_REVOCATION)" in error.message

    async def test_lists_are_not_known_here(self, tmp_path: Path) -> None:
        error = await refusal(self.check(tmp_path, made(), "trustLists/x"))
        assert error.reason is Reason.TRUST_LIST_NOT_FOUND

    @pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
    async def test_seals_that_others_have_made(self, case: dict[str, Any]) -> None:
        """The fixtures of all three formats, good and bad, that openssl has signed."""
        given = Seals(
            makers=VECTORS / "trust", intermediates=VECTORS / "intermediates", crls=VECTORS / "crls"
        )
        trust = office_verifier(given, datetime.fromisoformat(case["at"]))
        der = (VECTORS / case["file"]).read_bytes()
        if case["expected"]["gbt38540"]["verdict"] == "good":
            await trust.verify(der, "")
            return
        error = await refusal(trust.verify(der, ""))
        assert error.reason is Reason.SEAL_INVALID
        check = case["expected"]["gbt38540"].get("check", "")
        assert check in error.message, error.message


@pytest.mark.parametrize(
    "case",
    [each for each in CASES if each["expected"]["gbt38540"]["verdict"] == "good"],
    ids=lambda case: case["name"],
)
async def test_good_seals_of_others_are_kept_as_they_are(
    office: Office, case: dict[str, Any]
) -> None:
    der = (VECTORS / case["file"]).read_bytes()
    taken = await take(office, der)
    assert (taken.der, taken.format) == (der, case["format"])
    fields = case["fields"]
    assert (taken.seal_id, taken.title) == (fields["seal_id"], fields["name"])
    assert taken.picture.kind == fields["picture"]
    assert taken.valid_until.ToDatetime(NOW.tzinfo) == datetime.fromisoformat(fields["valid_until"])
