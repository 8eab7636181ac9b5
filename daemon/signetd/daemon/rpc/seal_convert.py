"""Between the messages of SealService and the daemon's own values."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.rpc import convert
from signetd.daemon.seals.applications import Application
from signetd.daemon.seals.importing import Import
from signetd.daemon.seals.make import Making
from signetd.daemon.seals.types import (
    Owner,
    RegisteredSeal,
    SealEvent,
    SealKind,
    SealPicture,
    SealState,
    SealStatus,
)
from signetd.daemon.seals.view import Which
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Format


def seal_id(name: str, field: str = "name") -> str:
    """Return the last part of `seals/{seal}`; raises INPUT_MISSING, INPUT_INVALID."""
    return convert.resource_id(name, "seals", field)


def application(request: messages.ApplyForSealRequest) -> Application:
    """Read what is applied for; raises INPUT_MISSING, INPUT_INVALID."""
    return Application(
        id=_new_id(request.seal),
        kind=_kind(request.kind),
        title=request.title,
        owner=_owner(request.owner),
        picture=SealPicture(
            kind=request.picture.kind,
            data=request.picture.data,
            width=request.picture.width,
            height=request.picture.height,
        ),
        valid_from=_needed(request, "valid_from"),
        valid_until=_needed(request, "valid_until"),
        signing_key=convert.resource_id(request.signing_key, "keys", "signing_key"),
        format=_format(request.format),
        other_certificates=tuple(request.other_certificates),
    )


def making(request: messages.MakeSealRequest) -> Making:
    """Read what is to be made; raises INPUT_MISSING, INPUT_INVALID."""
    return Making(
        seal=seal_id(request.name),
        maker_key=convert.resource_id(request.maker_key, "keys", "maker_key"),
        seal_id=request.seal_id,
        approval=request.approval,
    )


def imported(request: messages.ImportSealRequest) -> Import:
    """Read what is to be taken in; raises INPUT_MISSING, INPUT_INVALID."""
    key, trust_list = request.signing_key, request.trust_list
    if trust_list:
        convert.resource_id(trust_list, "trustLists", "trust_list")
    return Import(
        id=_new_id(request.seal),
        der=request.der,
        kind=_kind(request.kind),
        owner=_owner(request.owner),
        signing_key=convert.resource_id(key, "keys", "signing_key") if key else "",
        trust_list=trust_list,
    )


def which(request: messages.GetSealStatusRequest) -> Which:
    """Read whose status is asked for; raises INPUT_MISSING, INPUT_INVALID."""
    match request.WhichOneof("seal"):
        case "name":
            return Which(name=seal_id(request.name))
        case "seal_id" if request.seal_id:
            return Which(seal_id=request.seal_id)
        case "sm3" if request.sm3:
            return Which(sm3=request.sm3)
    raise SignetError(
        Reason.INPUT_MISSING, "It is missing which seal is meant; give name, seal_id or sm3."
    )


def states(numbers: Iterable[int]) -> frozenset[SealState]:
    """Read the states of a list; raises INPUT_INVALID."""
    found = [
        convert.enum(SealState, messages.SealState, "SEAL_STATE_", number, "states")
        for number in numbers
    ]
    if None in found:
        raise SignetError(
            Reason.INPUT_INVALID, "states has SEAL_STATE_UNSPECIFIED in it; leave it out."
        )
    return frozenset(each for each in found if each is not None)


def moment(message: Any, field: str) -> datetime | None:
    """Read a time, None if it is not given; raises INPUT_INVALID."""
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SignetError(
            Reason.INPUT_INVALID, f"{field} is not a time between the years 1 and 9999."
        ) from None


def seal_message(seal: RegisteredSeal, uses: int) -> messages.Seal:
    """Write a seal."""
    message = messages.Seal(
        name=seal.name,
        state=_state_number(seal.state),
        state_reason=seal.state_reason,
        kind=convert.enum_number(messages.SealKind, "SEAL_KIND_", seal.kind),
        title=seal.title,
        owner=messages.SealOwner(name=seal.owner.name, unified_social_credit_code=seal.owner.code),
        seal_id=seal.seal_id,
        format=int(seal.format),  # type: ignore[arg-type]  # the numbers are the same
        picture=messages.SealPicture(
            kind=seal.picture.kind,
            data=seal.picture.data,
            width=seal.picture.width,
            height=seal.picture.height,
        ),
        valid_from=convert.timestamp(seal.valid_from),
        valid_until=convert.timestamp(seal.valid_until),
        signing_key=_name("keys", seal.signing_key),
        maker_key=_name("keys", seal.maker_key),
        certificates=seal.certificates,
        applicant=seal.applicant,
        reviewer=seal.reviewer,
        maker=seal.maker,
        replaces=_name("seals", seal.replaces),
        replaced_by=_name("seals", seal.replaced_by),
        origin=convert.enum_number(messages.SealOrigin, "SEAL_ORIGIN_", seal.origin),
        sm3=seal.sm3,
        der=seal.der,
        filing_number=seal.filing_number,
        filing_record=seal.filing_record,
        uses=uses,
        create_time=convert.timestamp(seal.create_time),
        update_time=convert.timestamp(seal.update_time),
    )
    return message


def event_message(event: SealEvent) -> messages.SealEvent:
    """Write an entry of a history."""
    message = messages.SealEvent(
        number=event.number,
        time=convert.timestamp(event.time),
        identity=event.identity,
        act=str(event.act),
        to=_state_number(event.after),
        reason=event.reason,
    )
    if event.before is not None:
        setattr(message, "from", _state_number(event.before))
    return message


def status_message(status: SealStatus) -> messages.SealStatus:
    """Write a status."""
    message = messages.SealStatus(
        seal_id=status.seal_id,
        sm3=status.sm3,
        time=convert.timestamp(status.time),
        since=None if status.since is None else convert.timestamp(status.since),
        good=status.good,
        reason=status.reason,
    )
    if status.state is not None:
        message.state = _state_number(status.state)
    return message


def _state_number(state: SealState) -> Any:
    return convert.enum_number(messages.SealState, "SEAL_STATE_", state)


def _name(collection: str, last: str) -> str:
    return f"{collection}/{last}" if last else ""


def _new_id(value: str) -> str:
    return convert.new_id(value, "seal", "seal")


def _kind(number: int) -> SealKind:
    kind = convert.enum(SealKind, messages.SealKind, "SEAL_KIND_", number, "kind")
    if kind is None:
        known = ", ".join(SealKind)
        raise SignetError(Reason.INPUT_MISSING, f"kind is missing; give one of {known}.")
    return kind


def _owner(owner: messages.SealOwner) -> Owner:
    return Owner(name=owner.name, code=owner.unified_social_credit_code)


def _format(number: int) -> Format:
    if number == messages.SEAL_FORMAT_UNSPECIFIED:
        return Format.V4
    try:
        return Format(number)
    except ValueError:
        raise SignetError(
            Reason.INPUT_INVALID, f"format has the number {number}; give V4 or V5."
        ) from None


def _needed(message: Any, field: str) -> datetime:
    found = moment(message, field)
    if found is None:
        raise SignetError(Reason.INPUT_MISSING, f"{field} is missing; give a time.")
    return found
