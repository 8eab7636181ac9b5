"""A report for people, line by line in English or Chinese, and for programs, as JSON has it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, TypedDict

from signetd.seal.report import Check, Report, Result, Rules, Verdict


class Language(StrEnum):
    """What lines are written in."""

    ENGLISH = "en"
    CHINESE = "zh"


class CheckJson(TypedDict):
    """A check as a program reads it."""

    name: str
    result: str
    reason: str
    clause: str
    about: str
    reason_zh: str


class ReportJson(TypedDict):
    """A report as a program reads it."""

    verdict: str
    checks: list[CheckJson]


_RESULTS: Final = {
    Result.PASSED: ("passed", "通过"),
    Result.FAILED: ("FAILED", "不通过"),
    Result.WARNING: ("warning", "需注意"),
    Result.NOT_CHECKED: ("not checked", "未检查"),
}
_VERDICTS: Final = {
    Verdict.GOOD: ("good", "有效"),
    Verdict.BAD: ("BAD", "无效"),
}
_RULES: Final = {
    Rules.GBT_38540: "GB/T 38540-2020",
    Rules.GMT_0031_2025: "GM/T 0031-2025",
}
NAMES_ZH: Final[Mapping[str, str]] = {
    "FORMAT": "数据格式",
    "STAMP_VERSION": "签章版本",
    "STAMP_EXTENSIONS": "签章扩展项",
    "STAMP_ALGORITHM": "签章签名算法",
    "STAMP_SIGNATURE": "签章签名值",
    "SIGNER_IN_SEAL": "签章者与印章匹配",
    "SIGNER_CERTIFICATE": "签章者证书链",
    "SIGNER_KEY_USAGE": "签章者密钥用途",
    "SIGNER_VALIDITY": "签章者证书有效期",
    "SIGNER_REVOCATION": "签章者证书吊销状态",
    "DOCUMENT_DIGEST": "原文杂凑值",
    "VERSION": "印章版本",
    "SEAL_EXTENSIONS": "印章扩展项",
    "SIGNATURE_ALGORITHM": "印章签名算法",
    "SEAL_SIGNATURE": "印章签名值",
    "CREATE_TIME": "制章时间",
    "MAKER_CERTIFICATE": "制章者证书链",
    "MAKER_VALIDITY": "制章者证书有效期",
    "MAKER_REVOCATION": "制章者证书吊销状态",
    "MAKER_KEY_USAGE": "制章者密钥用途",
    "MAKER_TRUSTED": "制章者可信",
    "SEAL_VALIDITY": "印章有效期",
    "SEAL_TIMESTAMP": "印章时间戳",
    "SIGNING_TIME": "签章时间",
    "STAMP_TIMESTAMP": "签章时间戳",
    "SEAL_STATUS": "印章状态",
}
"""What each check is called in Chinese."""


def as_lines(report: Report, language: Language = Language.ENGLISH) -> list[str]:
    """Write the verdict, then a line for each check: its result, name, reason and clause."""
    chinese = language is Language.CHINESE
    verdict, rules = _VERDICTS[report.verdict][chinese], _RULES[report.rules]
    if chinese:
        first = f"结论：{verdict}（制章者证书按 {rules} 判定）"
    else:
        first = f"Verdict: {verdict} (the maker's certificate by {rules})"
    return [first, *(_line(each, chinese) for each in report.checks)]


def as_json(report: Report) -> ReportJson:
    """Return what ``json.dumps`` can write: the verdict, and the checks in their order."""
    return {"verdict": report.verdict.value, "checks": _checks(report.checks)}


def _line(check: Check, chinese: bool) -> str:
    result = _RESULTS[check.result][chinese]
    if chinese:
        name = NAMES_ZH.get(check.name, check.name)
        return f"[{result}] {name}（{check.name}）：{check.reason_zh}（{check.clause}）"
    return f"{result:<11} {check.name:<19} {check.reason} ({check.clause})"


def _checks(checks: Sequence[Check]) -> list[CheckJson]:
    return [
        {
            "name": each.name,
            "result": each.result.value,
            "reason": each.reason,
            "clause": each.clause,
            "about": each.about,
            "reason_zh": each.reason_zh,
        }
        for each in checks
    ]
