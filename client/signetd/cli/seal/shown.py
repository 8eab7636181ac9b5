"""Seals printed for people and for programs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from signetd.cli import show
from signetd.cli.approval.shown import safe
from signetd.cli.plain import plain
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1.seal_service_pb2 import Seal, SealEvent

_BULKY: Final = ("der", "filing_record")
_SEALS: Final = ("name", "state", "kind", "title", "owner", "seal_id", "valid_until", "uses")
_EVENTS: Final = ("number", "time", "identity", "act", "from", "to", "reason")


def record(seal: "Seal") -> dict[str, Any]:
    """Turn a seal into plain values, without its image, its data and the record of its filing."""
    found = {name: value for name, value in plain(seal).items() if name not in _BULKY}
    if "picture" in found:
        found["picture"] = {
            name: value for name, value in found["picture"].items() if name != "data"
        }
    return found


def one(output: Output, seal: "Seal") -> None:
    """Print a seal; for people, what there is of it only."""
    found = record(seal)
    if output is Output.TABLE:
        found = {name: safe(text) for name, text in _texts(found).items() if text}
    show.one(output, found)


def many(output: Output, seals: "Sequence[Seal]") -> None:
    """Print a list of seals."""
    records = [record(seal) for seal in seals]
    if output is Output.TABLE:
        records = [
            {name: safe(text) for name, text in _texts(found).items() if name in _SEALS}
            for found in records
        ]
    show.many(output, _SEALS, records)


def events(output: Output, found: "Sequence[SealEvent]") -> None:
    """Print the history of a seal."""
    records = [plain(each) for each in found]
    if output is Output.TABLE:
        records = [{name: safe(_event_text(each[name])) for name in _EVENTS} for each in records]
    show.many(output, _EVENTS, records)


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    """Write the values of a seal for people; "" for what there is not."""
    texts = {name: str(value) for name, value in found.items() if isinstance(value, (str, int))}
    owner, picture = found["owner"], found["picture"]
    return {
        name: {
            "owner": f"{owner['name']} ({owner['unified_social_credit_code']})",
            "picture": f"{picture['kind']}, {picture['width']} x {picture['height']} mm",
            "certificates": str(len(found["certificates"]) or ""),
        }.get(name, texts.get(name, ""))
        for name in found
    }


def _event_text(value: object) -> str:
    return "" if value == "UNSPECIFIED" else str(value)
