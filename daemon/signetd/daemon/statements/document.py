"""What a statement is: canonical JSON of its values, with a signature over all the others. Pure.

The form is that of the audit's records: UTF-8, keys sorted, no spaces, only texts, integers and
booleans; `type` keeps what is signed here apart from checkpoints and exports.
"""

from collections.abc import Mapping
from typing import Final

from signetd.daemon.audit.chain import encode
from signetd.daemon.audit.signer import AuditKey

FORMAT: Final = "signetd-statement-1"
TYPE: Final = "statement"

Value = str | int | bool

_OWN: Final = frozenset(
    {
        *("type", "format", "kind", "daemon", "time"),
        *("signer", "signer_spki", "signer_algorithm", "signature"),
    }
)


def signed_values(
    kind: str, body: Mapping[str, Value], *, daemon: str, time: str, key: AuditKey
) -> dict[str, Value]:
    """Return all values of a statement but its signature.

    *kind* tells what the *body* says. Raises ValueError if that has names of the statement's own.
    """
    if taken := _OWN & body.keys():
        raise ValueError(f"a statement's body cannot have {', '.join(sorted(taken))}")
    return {
        **body,
        "type": TYPE,
        "format": FORMAT,
        "kind": kind,
        "daemon": daemon,
        "time": time,
        "signer": key.fingerprint,
        "signer_spki": key.spki_text,
        "signer_algorithm": key.algorithm,
    }


def to_sign(values: dict[str, Value]) -> bytes:
    """Return the bytes that the signature is over."""
    return encode(values)


def document(values: dict[str, Value], signature: bytes) -> bytes:
    """Return the statement as it is given out: one line, with its newline."""
    return encode({**values, "signature": signature.hex()}) + b"\n"
