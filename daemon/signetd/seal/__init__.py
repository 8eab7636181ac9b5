"""Electronic seals (电子印章): GB/T 38540, GM/T 0031. Reads, builds and verifies; pure code.

No clock, no network, no keys: what is signed is given out as bytes, and signatures are given in.
"""

from signetd.seal.build import seal, stamp, to_sign
from signetd.seal.build_info import seal_info
from signetd.seal.circumstances import Circumstances, SealStatus, Standing
from signetd.seal.errors import BuildError, SealError
from signetd.seal.kinds import Kind, kind_of
from signetd.seal.model import (
    CertificateDigest,
    Extension,
    Format,
    Picture,
    Properties,
    Seal,
    SealInfo,
    Stamp,
)
from signetd.seal.parse import parse_seal, parse_stamp
from signetd.seal.report import Check, Report, Result, Rules, Verdict
from signetd.seal.trust import Trust
from signetd.seal.trust_list import TrustList
from signetd.seal.trust_list_notices import notices
from signetd.seal.verify import verify_seal, verify_stamp
from signetd.seal.words import Language, as_json, as_lines

__all__ = [
    "BuildError",
    "CertificateDigest",
    "Check",
    "Circumstances",
    "Extension",
    "Format",
    "Kind",
    "Language",
    "Picture",
    "Properties",
    "Report",
    "Result",
    "Rules",
    "Seal",
    "SealError",
    "SealInfo",
    "SealStatus",
    "Stamp",
    "Standing",
    "Trust",
    "TrustList",
    "Verdict",
    "as_json",
    "as_lines",
    "kind_of",
    "notices",
    "parse_seal",
    "parse_stamp",
    "seal",
    "seal_info",
    "stamp",
    "to_sign",
    "verify_seal",
    "verify_stamp",
]
