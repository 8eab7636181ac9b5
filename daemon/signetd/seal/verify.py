"""Verification of seals and stamps: a report of every check, see docs/seal-verification.md.

Pure: no clock, no network. All that a verdict rests on is in the circumstances.
"""

from signetd.seal.circumstances import Circumstances
from signetd.seal.errors import SealError
from signetd.seal.model import Format, Seal, Stamp
from signetd.seal.parse import parse_seal, parse_stamp
from signetd.seal.report import Report
from signetd.seal.verify_chain import Chains
from signetd.seal.verify_findings import (
    OF_SEAL,
    OF_STAMP,
    Finding,
    Findings,
    Name,
    failed,
    passed,
)
from signetd.seal.verify_seal_checks import SealChecks
from signetd.seal.verify_stamp_checks import DIGEST_BYTES, StampChecks
from signetd.seal.verify_times import check_status

_STANDARDS = {
    Format.V1: "GM/T 0031-2014",
    Format.V4: "GB/T 38540-2020",
    Format.V5: "GM/T 0031-2025",
}


def verify_seal(seal: Seal | bytes, circumstances: Circumstances) -> Report:
    """Make all checks of a seal (read, or SESeal in DER), as of `circumstances.at`.

    What cannot be read gives a report in which FORMAT has failed, with the field and the byte.
    Raises signetd.pki.InputError for evidence in *circumstances* that cannot be read or is too
    much, and signetd.gm.backend.NoBackendError where nothing on this host verifies SM2.
    """
    chains, findings = Chains(circumstances), Findings("seal")
    try:
        read = parse_seal(seal) if isinstance(seal, bytes) else seal
    except SealError as error:
        findings.add(Name.FORMAT, _malformed(error))
        return findings.report(OF_SEAL, None, circumstances.rules)
    findings.add(Name.FORMAT, _formed(read.format))
    SealChecks(read, circumstances, chains).run(findings)
    findings.add(Name.SEAL_STATUS, check_status(circumstances.status, circumstances.at))
    return findings.report(OF_SEAL, read.format, circumstances.rules)


def verify_stamp(
    stamp: Stamp | bytes, circumstances: Circumstances, document_digest: bytes | None
) -> Report:
    """Make all checks of a stamp (read, or SES_Signature in DER), for its time of signing.

    *document_digest* is the SM3 of what the stamp protects, 32 bytes; with None DOCUMENT_DIGEST is
    NOT_CHECKED, and a good report is of the stamp alone. Raises as verify_seal does, and ValueError
    for a digest of another length.
    """
    if document_digest is not None and len(document_digest) != DIGEST_BYTES:
        raise ValueError(
            f"document_digest has {len(document_digest)} bytes; an SM3 digest has {DIGEST_BYTES}"
        )
    chains, findings = Chains(circumstances), Findings("stamp")
    try:
        read = parse_stamp(stamp) if isinstance(stamp, bytes) else stamp
    except SealError as error:
        findings.add(Name.FORMAT, _malformed(error))
        return findings.report(OF_STAMP, None, circumstances.rules)
    findings.add(Name.FORMAT, _formed(read.format))
    StampChecks(read, circumstances, chains, document_digest).run(findings)
    return findings.report(OF_STAMP, read.format, circumstances.rules)


def _formed(form: Format) -> Finding:
    standard = _STANDARDS[form]
    return passed(f"the format is that of {standard}", f"格式符合 {standard}")


def _malformed(error: SealError) -> Finding:
    where = error.place if error.offset is None else f"{error.place}，第 {error.offset} 字节"
    return failed(str(error), f"格式错误，位置：{where}")
