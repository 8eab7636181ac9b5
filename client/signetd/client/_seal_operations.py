"""The calls of SealService, for both clients.

Those that change a seal are not tried again: whether a call that broke off was carried out, the
seal's history tells.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.client import errors, seals
from signetd.client._operations import Operation
from signetd.client._verification_operations import list_name
from signetd.client.grants import timestamp
from signetd.client.messages import approval_name, key_name, seal_name
from signetd.client.seals import SealItem, StampItem

_SERVICE = "/signetd.api.v1.SealService/"
_PAGE = 100  # certificates of seals are in it, so that larger pages might be too large


def apply(item: SealItem) -> Operation:
    """ApplyForSeal."""
    return _change("ApplyForSeal", seals.application(item))


def review(name: str, reason: str, *, accepted: bool) -> Operation:
    """ReviewSeal."""
    request = messages.ReviewSealRequest(name=seal_name(name), accepted=accepted, reason=reason)
    return _change("ReviewSeal", request)


def make(name: str, maker_key: str, seal_id: str, approval: str) -> Operation:
    """MakeSeal."""
    request = messages.MakeSealRequest(
        name=seal_name(name),
        maker_key=key_name(maker_key),
        seal_id=seal_id,
        approval=approval_name(approval),
    )
    return _change("MakeSeal", request)


def file(name: str, filing_number: str, remark: str) -> Operation:
    """FileSeal."""
    request = messages.FileSealRequest(
        name=seal_name(name), filing_number=filing_number, remark=remark
    )
    return _change("FileSeal", request)


def suspend(name: str, reason: str) -> Operation:
    """SuspendSeal."""
    return _change("SuspendSeal", messages.SuspendSealRequest(name=seal_name(name), reason=reason))


def resume(name: str, reason: str) -> Operation:
    """ResumeSeal."""
    return _change("ResumeSeal", messages.ResumeSealRequest(name=seal_name(name), reason=reason))


def cancel(name: str, reason: str) -> Operation:
    """CancelSeal."""
    return _change("CancelSeal", messages.CancelSealRequest(name=seal_name(name), reason=reason))


def change(name: str, item: SealItem, reason: str) -> Operation:
    """ChangeSeal."""
    request = messages.ChangeSealRequest(
        name=seal_name(name), application=seals.application(item), reason=reason
    )
    return _change("ChangeSeal", request)


def import_(
    name: str, der: bytes, kind: str, owner: str, code: str, key: str, trust_list: str
) -> Operation:
    """ImportSeal."""
    request = messages.ImportSealRequest(
        seal=name.removeprefix("seals/"),
        der=der,
        kind=seals.kind_number(kind),
        owner=messages.SealOwner(name=owner, unified_social_credit_code=code),
        signing_key=key_name(key) if key else "",
        trust_list=list_name(trust_list) if trust_list else "",
    )
    return _change("ImportSeal", request)


def report_key_compromise(key: str, reason: str) -> Operation:
    """ReportKeyCompromise: twice suspends no more than once."""
    request = messages.ReportKeyCompromiseRequest(key=key_name(key), reason=reason)
    return Operation(
        _SERVICE + "ReportKeyCompromise", request, messages.ReportKeyCompromiseResponse
    )


def list_(states: Iterable[str], code: str, page_token: str) -> Operation:
    """ListSeals."""
    request = messages.ListSealsRequest(
        page_size=_PAGE,
        page_token=page_token,
        states=[seals.state_number(state) for state in states],
        unified_social_credit_code=code,
    )
    return Operation(_SERVICE + "ListSeals", request, messages.ListSealsResponse)


def get(name: str) -> Operation:
    """GetSeal."""
    request = messages.GetSealRequest(name=seal_name(name))
    return Operation(_SERVICE + "GetSeal", request, messages.Seal)


def events(name: str) -> Operation:
    """ListSealEvents."""
    request = messages.ListSealEventsRequest(name=seal_name(name))
    return Operation(_SERVICE + "ListSealEvents", request, messages.ListSealEventsResponse)


def status(name: str, seal_id: str, sm3: str, time: datetime | None) -> Operation:
    """GetSealStatus. Raises InvalidRequest unless exactly one of the three names is given."""
    if sum(map(bool, (name, seal_id, sm3))) != 1:
        raise errors.InvalidRequest(
            "give exactly one of name, seal_id and sm3", reason="INPUT_INVALID"
        )
    request = messages.GetSealStatusRequest(time=timestamp(time))
    if name:
        request.name = seal_name(name)
    elif seal_id:
        request.seal_id = seal_id
    else:
        request.sm3 = sm3.lower()
    return Operation(_SERVICE + "GetSealStatus", request, messages.SealStatus)


def stamp(item: StampItem) -> Operation:
    """Stamp."""
    return Operation(_SERVICE + "Stamp", seals.stamp_request(item), messages.StampResponse)


def stamp_batch(items: Sequence[StampItem]) -> Operation:
    """BatchStamp."""
    request = messages.BatchStampRequest(requests=[seals.stamp_request(item) for item in items])
    return Operation(_SERVICE + "BatchStamp", request, messages.BatchStampResponse)


def _change(method: str, request: object) -> Operation:
    return Operation(_SERVICE + method, request, messages.Seal, again=False)
