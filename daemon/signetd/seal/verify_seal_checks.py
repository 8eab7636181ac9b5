"""The checks of a seal: GM/T 0031-2014, 6.1.2; GB/T 38540-2020, 6; GM/T 0031-2025."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from signetd.pki import Certificate
from signetd.seal.circumstances import Circumstances
from signetd.seal.model import Extension, Format, Seal
from signetd.seal.report import Result
from signetd.seal.verify_certificate import Part, read
from signetd.seal.verify_chain import Chains
from signetd.seal.verify_findings import (
    Finding,
    Findings,
    Name,
    failed,
    not_checked,
    passed,
    warning,
)
from signetd.seal.verify_maker import Maker
from signetd.seal.verify_signature import check_algorithm, check_signature
from signetd.seal.verify_times import check_create_time, check_seal_now, check_seal_of_stamp
from signetd.seal.verify_timestamp import check_over_signature

V1_NUMBERS: Final = (1, 11)
"""The text of GM/T 0031-2014 has 11 for an example; files have 1."""


class SealChecks:
    """Judges a seal: on its own for now, or as it was when *signed_at* a stamp was made with it.

    *proven* is when a time stamp of that stamp shows that it existed.
    """

    def __init__(
        self,
        seal: Seal,
        given: Circumstances,
        chains: Chains,
        signed_at: datetime | None = None,
        proven: datetime | None = None,
    ) -> None:
        self._seal = seal
        self._given = given
        self._chains = chains
        self._at = given.at if signed_at is None else signed_at
        self._is_of_stamp = signed_at is not None
        self._proven = proven

    def run(self, findings: Findings) -> None:
        """Make all checks; each is made whatever came out of those before it."""
        seal, properties = self._seal, self._seal.info.properties
        certificate, problem = read(seal.certificate)
        findings.add(Name.VERSION, check_version(seal))
        findings.add(Name.SEAL_EXTENSIONS, check_extensions(seal.info.extensions))
        findings.add(Name.SIGNATURE_ALGORITHM, check_algorithm(seal.algorithm))
        signed = check_signature(
            certificate, seal.algorithm, seal.signed, seal.signature, self._given.signer_id
        )
        findings.add(Name.SEAL_SIGNATURE, signed)
        findings.add(Name.CREATE_TIME, check_create_time(properties, seal.format, self._at))
        check = check_seal_of_stamp if self._is_of_stamp else check_seal_now
        findings.add(Name.SEAL_VALIDITY, check(properties, self._given.at))
        stamped = check_over_signature(
            seal.time_token, seal.signature, properties.create_time, self._given, self._chains
        )
        findings.add(Name.SEAL_TIMESTAMP, stamped.finding)
        self._maker(findings, certificate, problem, stamped.proven)

    def _maker(
        self,
        findings: Findings,
        certificate: Certificate | None,
        problem: Finding | None,
        proven: datetime | None,
    ) -> None:
        if certificate is None or problem is not None:
            add_unreadable(findings, "MAKER", problem)
            findings.add(Name.MAKER_TRUSTED, _unknown_holder())
            return
        times = [each for each in (proven, self._proven) if each is not None]
        earliest = min(times, default=None)
        maker = Maker(self._seal, certificate, self._given, self._chains, earliest)
        parts = maker.parts(self._at)
        add_parts(findings, "MAKER", parts)
        holds = parts[Part.CERTIFICATE].result is not Result.FAILED
        findings.add(Name.MAKER_TRUSTED, maker.trusted(holds))


def check_version(seal: Seal) -> Finding:
    """Look whether the header's version is that of the layout."""
    return versions_agree(seal.info.version, seal.format)


def versions_agree(version: int, form: Format) -> Finding:
    """Look whether a version is the one that a layout must have."""
    same = (f"version {version}", f"版本号为 {version}")
    if version == form or (form is Format.V1 and version in V1_NUMBERS):
        return passed(*same)
    if form is Format.V1:
        return warning(
            f"version {version}, with the layout of GM/T 0031-2014",
            f"版本号为 {version}，但结构是 GM/T 0031-2014 的",
        )
    return failed(
        f"version {version}, with the layout of version {form.value}",
        f"版本号为 {version}，但结构是版本 {form.value} 的",
    )


def check_extensions(extensions: Iterable[Extension]) -> Finding:
    """Look for extensions that must not be passed over; their meaning is each maker's own."""
    critical = ", ".join(each.oid for each in extensions if each.critical)
    if critical:
        return warning(
            f"critical, and not known here: {critical}", f"有不认识的关键扩展项：{critical}"
        )
    return passed("no extension is critical", "没有关键扩展项")


def add_parts(findings: Findings, who: str, parts: dict[Part, Finding]) -> None:
    """Write down what came out for the certificate of MAKER or SIGNER."""
    for part, finding in parts.items():
        findings.add(Name(f"{who}_{part}"), finding)


def add_unreadable(findings: Findings, who: str, problem: Finding | None) -> None:
    """Write down that the certificate of MAKER or SIGNER cannot be judged."""
    rest = not_checked("the certificate was not judged", "证书未能检查")
    for part in Part:
        first = part is Part.CERTIFICATE and problem is not None
        findings.add(Name(f"{who}_{part}"), problem if first and problem else rest)


def _unknown_holder() -> Finding:
    return failed("it is not known who the maker is", "无法确定制章者")
