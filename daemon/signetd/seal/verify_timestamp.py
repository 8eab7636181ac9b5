"""Time stamps of seals and stamps: over the signature, by a trusted authority, in order of time."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from signetd.pki import InputError, Policy, Revocation, Status, TrustStore
from signetd.pki.timestamp import TimeStampToken, TokenName, TokenReport
from signetd.pki.timestamp import verify as verify_token
from signetd.seal.circumstances import Circumstances
from signetd.seal.report import Result
from signetd.seal.verify_chain import Chains
from signetd.seal.verify_findings import Finding, failed, not_checked, passed, warning

_OF_TRUST: Final = frozenset({TokenName.SIGNER, TokenName.CHAIN})
"""What cannot hold where no authority is trusted."""
_WORDS: Final = {
    TokenName.FORMAT: "格式错误",
    TokenName.EXTENSIONS: "有不认识的关键扩展项",
    TokenName.IMPRINT: "不是对该签名值加盖的",
    TokenName.TIME: "时间晚于当前时间",
    TokenName.SIGNER: "找不到签发者证书",
    TokenName.SIGNING_CERTIFICATE: "签发者证书标识不符",
    TokenName.ALGORITHM: "签名算法不被接受",
    TokenName.SIGNATURE: "签名验证不通过",
    TokenName.PURPOSE: "签发者证书没有时间戳用途",
    TokenName.CHAIN: "签发者证书链验证不通过",
}


class Stamped(NamedTuple):
    """What came out for a time stamp; *proven* is when its data existed, where that is certain."""

    finding: Finding
    proven: datetime | None = None


def check_over_signature(
    token: bytes | None,
    signature: bytes,
    claimed: datetime | None,
    given: Circumstances,
    chains: Chains,
) -> Stamped:
    """Look at a time stamp (DER) of *signature*; it must not be older than *claimed*."""
    if token is None:
        return Stamped(
            not_checked("there is no time stamp; it is optional", "没有时间戳（可选项）")
        )
    report = _verified(token, signature, given, chains)
    if problem := _problem(report, _ignored(given)):
        return Stamped(problem)
    latest = _latest(report)
    if claimed is not None and latest < claimed:
        return Stamped(_too_early(latest, claimed))
    if given.time_authorities is None:
        return Stamped(_untrusted(latest))
    found = _summed(report, latest)
    return Stamped(found, latest if found.result is Result.PASSED else None)


def check_instead_of_time(
    token: bytes, data_hash: bytes, given: Circumstances, chains: Chains
) -> Finding:
    """Look at the time stamp that timeInfo of GM/T 0031-2014 can be.

    It is signed with the rest, so that its time is what the signer says, like any timeInfo. What
    it is of, the standard does not tell; here, the document, or the octets of its hash.
    """
    digested = _imprint_of(token) == data_hash
    report = _verified(token, data_hash, given, chains, digested=digested)
    if problem := _problem(report, _ignored(given) | {TokenName.IMPRINT}):
        return problem
    latest = _latest(report)
    if report.of(TokenName.IMPRINT).status is Status.FAILED:
        return warning(
            f"it is of {latest.isoformat()}, but of something else than the document's hash",
            f"时间戳时间为 {latest.isoformat()}，但不是对原文杂凑值加盖的",
        )
    return _untrusted(latest) if given.time_authorities is None else _summed(report, latest)


def time_of(token: bytes | None) -> datetime | None:
    """Return the time of a token, whether it is true or not; None if it cannot be read."""
    read = None if token is None else _read(token)
    return None if read is None else read.gen_time


def _imprint_of(token: bytes) -> bytes:
    read = _read(token)
    return b"" if read is None else read.imprint


def _read(token: bytes) -> TimeStampToken | None:
    try:
        return TimeStampToken.read(token)
    except InputError:
        return None


def _verified(
    token: bytes, data: bytes, given: Circumstances, chains: Chains, *, digested: bool = False
) -> TokenReport:
    """Verify a token.

    For an authority whose certificate has expired no current evidence can be had, which is then a
    warning, as it is for the certificates of makers and signers.
    """
    report = _once(token, data, given, chains, given.revocation, digested)
    expired = report.signer is not None and report.signer.not_after < given.at
    if expired and given.revocation is Revocation.REQUIRED and not report.valid:
        return _once(token, data, given, chains, Revocation.IF_KNOWN, digested)
    return report


def _once(
    token: bytes,
    data: bytes,
    given: Circumstances,
    chains: Chains,
    revocation: Revocation,
    digested: bool,
) -> TokenReport:
    policy = Policy(
        at=given.at,
        signer_id=given.authority_id,
        revocation=revocation,
        evidence_at=given.current_at,
    )
    return verify_token(
        token,
        data,
        policy,
        _store(given),
        chains.others,
        chains.lists,
        chains.responses,
        digested="sm3" if digested else "",
    )


def _store(given: Circumstances) -> TrustStore:
    """Return the authorities, or any store where there are none: its result is not looked at."""
    return given.makers if given.time_authorities is None else given.time_authorities


def _ignored(given: Circumstances) -> frozenset[TokenName]:
    return _OF_TRUST if given.time_authorities is None else frozenset()


def _problem(report: TokenReport, ignored: frozenset[TokenName]) -> Finding | None:
    bad = [each for each in report.failures if each.name not in ignored]
    if not bad:
        return None
    return failed(
        "; ".join(f"{each.name}: {each.reason}" for each in bad),
        "；".join(
            f"{_WORDS.get(each.name, f'{each.name} 不符合要求')}（{each.reason}）" for each in bad
        ),
    )


def _latest(report: TokenReport) -> datetime:
    """Return the time of a token that could be read, at the late end of its accuracy."""
    assert report.token is not None  # noqa: S101  # else FORMAT has failed
    accuracy = report.token.accuracy
    return report.token.gen_time + (accuracy.delta if accuracy else timedelta())


def _too_early(latest: datetime, claimed: datetime) -> Finding:
    return failed(
        f"it is of {latest.isoformat()}, earlier than {claimed.isoformat()}, when what it is of "
        "was made, as that says itself",
        f"时间戳时间 {latest.isoformat()} 早于 {claimed.isoformat()}",
    )


def _untrusted(latest: datetime) -> Finding:
    return warning(
        f"it is of {latest.isoformat()}, by somebody who is not known: no trusted authority "
        "of time stamps was given",
        f"时间戳时间为 {latest.isoformat()}，但未给出可信的时间戳机构，无法确认",
    )


def _summed(report: TokenReport, latest: datetime) -> Finding:
    odd = "; ".join(f"{each.name}: {each.reason}" for each in report.having(Status.WARNING))
    by = report.signer.name if report.signer else "its authority"
    if odd:
        return warning(f"it is of {latest.isoformat()}, by {by}; {odd}", f"有需注意之处：{odd}")
    return passed(
        f"it is of {latest.isoformat()}, by {by}",
        f"时间戳时间为 {latest.isoformat()}，由 {by} 签发",
    )
