"""Certificates of keys printed for people and for programs."""

from typing import TYPE_CHECKING, Any, Final

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1.key_service_pb2 import KeyCertificate

_END: Final = "-----END CERTIFICATE-----\n"


def one(output: Output, kept: "KeyCertificate") -> None:
    """Print what a certificate says, and where it is; for programs all of it."""
    found: dict[str, Any] = plain(kept)
    if output is Output.TABLE:
        found |= {"certificates": len(kept.der)}
        for bulky in ("pem", "der"):
            found.pop(bulky, None)
        if kept.on_token:
            found.pop("token_note", None)
    show.one(output, found)


def own_pem(pem: str) -> str:
    """Return the first certificate of several in PEM."""
    first, end, _ = pem.partition(_END)
    return first + end
