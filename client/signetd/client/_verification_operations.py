"""The calls of VerificationService, for both clients."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import verification_service_pb2 as verification
from signetd.client import messages
from signetd.client._operations import Operation

_PREFIX = "/signetd.api.v1.VerificationService/"
_RULES = {"gbt38540": "gbt-38540", "gmt0031": "gmt-0031"}


def verify_seal(
    seal: bytes, *, time: datetime | None, trust_list: str, rules: str | None
) -> Operation:
    """VerificationService.VerifySeal."""
    request = verification.VerifySealRequest(
        seal=seal,
        time=_timestamp(time),
        trust_list=list_name(trust_list) if trust_list else "",
        rules=_rules_value(rules),
    )
    return Operation(_PREFIX + "VerifySeal", request, verification.VerificationReport)


def verify_stamp(
    stamp: bytes,
    document_digest: bytes | None,
    *,
    time: datetime | None,
    trust_list: str,
    rules: str | None,
) -> Operation:
    """VerificationService.VerifyStamp."""
    request = verification.VerifyStampRequest(
        stamp=stamp,
        document_digest=document_digest,
        time=_timestamp(time),
        trust_list=list_name(trust_list) if trust_list else "",
        rules=_rules_value(rules),
    )
    return Operation(_PREFIX + "VerifyStamp", request, verification.VerificationReport)


def import_trust_list(name: str, content: bytes, comment: str) -> Operation:
    """VerificationService.ImportTrustList; twice does nothing more than once."""
    request = verification.ImportTrustListRequest(
        trust_list=name.removeprefix("trustLists/"), content=content, comment=comment
    )
    return Operation(_PREFIX + "ImportTrustList", request, verification.TrustList)


def retire_trust_list(name: str) -> Operation:
    """VerificationService.RetireTrustList."""
    request = verification.RetireTrustListRequest(name=list_name(name))
    return Operation(_PREFIX + "RetireTrustList", request, verification.TrustList)


def list_trust_lists() -> Operation:
    """VerificationService.ListTrustLists."""
    request = verification.ListTrustListsRequest()
    return Operation(_PREFIX + "ListTrustLists", request, verification.ListTrustListsResponse)


def get_trust_list(name: str, version: int) -> Operation:
    """VerificationService.GetTrustList."""
    request = verification.GetTrustListRequest(name=list_name(name), version=version)
    return Operation(_PREFIX + "GetTrustList", request, verification.TrustList)


def list_name(name: str) -> str:
    """Write the resource name of a trust list."""
    return name if name.startswith("trustLists/") else f"trustLists/{name}"


def _rules_value(name: str | None) -> verification.VerificationRules.ValueType:
    full = None if name is None else _RULES.get(name, name)
    number = messages.enum_number("VERIFICATION_RULES", full, verification.VerificationRules.keys())
    return verification.VerificationRules.ValueType(number)


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    written = Timestamp()
    written.FromDatetime(moment)
    return written
