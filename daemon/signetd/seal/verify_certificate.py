"""A chain's many checks as the four that the standards name: chain, validity, revocation, usage."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from signetd import pki
from signetd.pki import Certificate, InputError, Status
from signetd.seal.verify_chain import Chain, Doubt
from signetd.seal.verify_findings import Finding, failed, not_checked, passed, warning


class Part(StrEnum):
    """What the standards ask of a certificate; the end of the names of the checks."""

    CERTIFICATE = "CERTIFICATE"
    VALIDITY = "VALIDITY"
    REVOCATION = "REVOCATION"
    KEY_USAGE = "KEY_USAGE"


_SUMMARIES: Final = {
    Part.CERTIFICATE: ("the chain reaches a trusted CA", "证书链验证通过，到达可信 CA"),
    Part.VALIDITY: (
        "every certificate of the chain was valid at {at}",
        "{at} 时证书链均在有效期内",
    ),
    Part.REVOCATION: ("no certificate of the chain is revoked", "证书链上没有证书被吊销"),
    Part.KEY_USAGE: ("its key usage allows signatures", "密钥用途允许签名"),
}
_WORDS: Final = {
    pki.Name.TRUST_ANCHOR: "未到达可信 CA",
    pki.Name.PATH: "证书链过长",
    pki.Name.VERSION: "证书版本不是 3",
    pki.Name.SERIAL_NUMBER: "序列号不合规",
    pki.Name.DUPLICATE_EXTENSIONS: "扩展项重复",
    pki.Name.CRITICAL_EXTENSIONS: "有不认识的关键扩展项",
    pki.Name.ALGORITHM_AGREEMENT: "内外签名算法不一致",
    pki.Name.ALGORITHM: "签名算法不被接受",
    pki.Name.PUBLIC_KEY: "公钥不合规",
    pki.Name.VALIDITY: "不在有效期内",
    pki.Name.NAME_CHAINING: "颁发者名称不符",
    pki.Name.KEY_IDENTIFIERS: "密钥标识不符",
    pki.Name.SIGNATURE: "证书签名验证不通过",
    pki.Name.BASIC_CONSTRAINTS: "基本约束不符",
    pki.Name.PATH_LENGTH: "超过证书路径长度限制",
    pki.Name.KEY_USAGE: "密钥用途不符",
    pki.Name.EXTENDED_KEY_USAGE: "扩展密钥用途不符",
    pki.Name.NAME_CONSTRAINTS: "名称约束不受支持",
    pki.Name.POLICIES: "策略约束不受支持",
    pki.Name.REVOCATION: "已被吊销，或吊销状态不符合要求",
}
_REMARKS: Final = {
    pki.Name.REVOCATION: "在该时间之后被吊销，或吊销状态未知",
    pki.Name.KEY_USAGE: "没有密钥用途扩展项",
    pki.Name.PUBLIC_KEY: "公钥的写法不标准",
    pki.Name.BASIC_CONSTRAINTS: "基本约束扩展项不是关键的",
    pki.Name.SERIAL_NUMBER: "序列号的写法不标准",
}
"""For warnings, where they differ from failures."""

_DOUBTS: Final = {
    Doubt.OLD_EVIDENCE: "但依据的是当时的吊销信息，没有当前的",
    Doubt.EXPIRED: "但依据的是证书过期之后的吊销信息，CA 可能已将过期证书移出列表",
}


def part_of(check: pki.Check) -> Part:
    """Say to which part a check of a chain belongs."""
    if check.name is pki.Name.VALIDITY:
        return Part.VALIDITY
    if check.name is pki.Name.REVOCATION:
        return Part.REVOCATION
    if check.name is pki.Name.KEY_USAGE and check.position == 0:
        return Part.KEY_USAGE
    return Part.CERTIFICATE


def read(der: bytes) -> tuple[Certificate | None, Finding | None]:
    """Read a certificate as DER alone; return it, or what is wrong with it."""
    try:
        certificate = Certificate.read(der)
    except InputError as error:
        return None, failed(f"the certificate cannot be read: {error}", "证书无法解析")
    if certificate.der != der:
        return None, failed("the certificate is PEM; it must be DER", "证书不是 DER 编码")
    return certificate, None


def findings(chain: Chain) -> dict[Part, Finding]:
    """Return what came out for each part."""
    sorted_checks: dict[Part, list[pki.Check]] = {each: [] for each in Part}
    for check in chain.checks:
        sorted_checks[part_of(check)].append(check)
    return {part: _folded(part, checks, chain) for part, checks in sorted_checks.items()}


def _folded(part: Part, checks: list[pki.Check], chain: Chain) -> Finding:
    bad = [each for each in checks if each.status is Status.FAILED]
    if bad:
        return failed(_reasons(bad), _reasons_zh(bad, _WORDS, chain))
    odd = [each for each in checks if each.status is Status.WARNING]
    if odd:
        return warning(_reasons(odd), _reasons_zh(odd, _WORDS | _REMARKS, chain))
    if all(each.status is Status.NOT_CHECKED for each in checks):
        return not_checked(checks[0].reason, "按验证策略不检查，或证书上一级未知、本身就是信任锚")
    return _passed(part, chain)


def _passed(part: Part, chain: Chain) -> Finding:
    text, words = _SUMMARIES[part]
    at = chain.at.isoformat()
    if part is Part.REVOCATION and chain.doubt is not Doubt.NONE:
        return warning(f"{text}, {chain.doubt.value}", f"{words}，{_DOUBTS[chain.doubt]}")
    return passed(text.format(at=at), words.format(at=at))


def _reasons(checks: Iterable[pki.Check]) -> str:
    return "; ".join(f"{each.subject}: {each.reason}" for each in checks)


def _reasons_zh(checks: Iterable[pki.Check], words: dict[pki.Name, str], chain: Chain) -> str:
    return "；".join(
        f"{each.subject}：{words[each.name]}（{_detail_zh(each, chain)}）" for each in checks
    )


def _detail_zh(check: pki.Check, chain: Chain) -> str:
    """Return the dates of a certificate in Chinese; other details are in English."""
    if check.name is not pki.Name.VALIDITY:
        return check.reason
    certificate = chain.report.path[check.position]
    first, last = certificate.not_before.isoformat(), certificate.not_after.isoformat()
    return f"有效期为 {first} 至 {last}，判定时间为 {chain.at.isoformat()}"
