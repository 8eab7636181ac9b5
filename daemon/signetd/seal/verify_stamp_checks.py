"""The checks of a stamp: GM/T 0031-2014, 6.2.3; GB/T 38540-2020, 7; GM/T 0031-2025."""

from datetime import datetime

from signetd.pki import Certificate
from signetd.seal.circumstances import Circumstances
from signetd.seal.model import Format, Stamp
from signetd.seal.verify_certificate import findings as parts_of
from signetd.seal.verify_certificate import read
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
from signetd.seal.verify_seal_checks import (
    SealChecks,
    add_parts,
    add_unreadable,
    check_extensions,
    versions_agree,
)
from signetd.seal.verify_signature import check_algorithm, check_signature
from signetd.seal.verify_signer import check_in_seal
from signetd.seal.verify_times import check_signing_time, check_status
from signetd.seal.verify_timestamp import (
    Stamped,
    check_instead_of_time,
    check_over_signature,
    time_of,
)

DIGEST_BYTES = 32


class StampChecks:
    """Judges a stamp for the time at which it says that it was made."""

    def __init__(
        self, stamp: Stamp, given: Circumstances, chains: Chains, document_digest: bytes | None
    ) -> None:
        self._stamp = stamp
        self._given = given
        self._chains = chains
        self._digest = document_digest
        self._time = time_of(stamp.time_token) if stamp.time is None else stamp.time

    def run(self, findings: Findings) -> None:
        """Make all checks; each is made whatever came out of those before it."""
        stamp, properties = self._stamp, self._stamp.seal.info.properties
        at = self._given.at if self._time is None else self._time
        certificate, problem = read(stamp.certificate)
        stamped = self._stamped()
        self._own(findings, certificate)
        self._signer(findings, certificate, problem, at, stamped.proven)
        findings.add(Name.DOCUMENT_DIGEST, _compared(stamp.data_hash, self._digest))
        SealChecks(stamp.seal, self._given, self._chains, at, stamped.proven).run(findings)
        findings.add(Name.SIGNING_TIME, check_signing_time(properties, self._time, self._given.at))
        findings.add(Name.STAMP_TIMESTAMP, stamped.finding)
        findings.add(Name.SEAL_STATUS, check_status(self._given.status, at))

    def _own(self, findings: Findings, certificate: Certificate | None) -> None:
        stamp = self._stamp
        findings.add(Name.STAMP_VERSION, _check_version(stamp))
        findings.add(Name.STAMP_EXTENSIONS, check_extensions(stamp.extensions))
        findings.add(Name.STAMP_ALGORITHM, check_algorithm(stamp.algorithm))
        signed = check_signature(
            certificate, stamp.algorithm, stamp.signed, stamp.signature, self._given.signer_id
        )
        findings.add(Name.STAMP_SIGNATURE, signed)
        owners = stamp.seal.info.properties
        findings.add(Name.SIGNER_IN_SEAL, check_in_seal(owners, stamp.certificate))

    def _signer(
        self,
        findings: Findings,
        certificate: Certificate | None,
        problem: Finding | None,
        at: datetime,
        proven: datetime | None,
    ) -> None:
        if self._given.signers is None and problem is None:
            problem = failed(
                "no CA is trusted for signers: give their trust store", "未给出签章者的信任库"
            )
        if certificate is None or problem is not None or self._given.signers is None:
            add_unreadable(findings, "SIGNER", problem)
            return
        chain = self._chains.judge(certificate, self._given.signers, at, proven)
        add_parts(findings, "SIGNER", parts_of(chain))

    def _stamped(self) -> Stamped:
        stamp = self._stamp
        if stamp.format is Format.V1 and stamp.time_token is not None:
            found = check_instead_of_time(
                stamp.time_token, stamp.data_hash, self._given, self._chains
            )
            return Stamped(found)
        return check_over_signature(
            stamp.time_token, stamp.signature, self._time, self._given, self._chains
        )


def _check_version(stamp: Stamp) -> Finding:
    new = (Format.V4, Format.V5)
    if stamp.format in new and stamp.version in new and stamp.version != stamp.format:
        return warning(
            f"a stamp of version {stamp.version} with a seal of version {stamp.format.value}",
            f"签章版本号为 {stamp.version}，印章版本为 {stamp.format.value}",
        )
    return versions_agree(stamp.version, stamp.format)


def _compared(data_hash: bytes, digest: bytes | None) -> Finding:
    if digest is None:
        return not_checked("the document was not given", "未给出原文，未检查")
    if digest == data_hash:
        return passed("the document is the one that was signed", "原文杂凑值一致")
    return failed(
        f"the document's digest is {digest.hex()}, the stamp is for {data_hash.hex()}: altered "
        "since, or another document",
        "原文杂凑值不一致：原文被改动，或不是该签章的原文",
    )
