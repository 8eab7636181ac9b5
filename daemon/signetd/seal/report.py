"""What was looked at in a seal or a stamp, and what came out, for programs and for people."""

from enum import StrEnum

import msgspec


class Result(StrEnum):
    """What came out of a check."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    """It holds, but somebody should know."""
    NOT_CHECKED = "not_checked"
    """There was nothing to check, or an earlier failure left nothing; the reason says which."""


class Verdict(StrEnum):
    """What all checks together say."""

    GOOD = "good"
    """No check has failed."""
    BAD = "bad"
    """A check has failed."""


class Rules(StrEnum):
    """By which standard a maker's certificate that is not valid any more is judged."""

    GBT_38540 = "gbt38540"
    """GB/T 38540-2020: whatever is wrong with a certificate rejects the seal."""
    GMT_0031_2025 = "gmt0031"
    """GM/T 0031-2025: expired or revoked since the seal was made is a notice."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: ``name`` is UPPER_SNAKE and stable; ``reason`` in English, ``reason_zh`` 中文.

    ``about`` is `seal`, `stamp` or `document`. ``clause`` is where the standard asks for it.
    """

    name: str
    about: str
    result: Result
    reason: str
    reason_zh: str
    clause: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All checks, in the order of the standard's procedure."""

    rules: Rules
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """GOOD when at least one check was made and none has failed."""
        results = {check.result for check in self.checks}
        bad = Result.FAILED in results or Result.PASSED not in results
        return Verdict.BAD if bad else Verdict.GOOD
