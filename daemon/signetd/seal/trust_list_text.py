"""Writes trust lists, for people to read and to compare: see docs/seals.md."""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from signetd.pki import Certificate
from signetd.seal.trust import Trust
from signetd.seal.trust_list import FORMAT

_COLUMNS: Final = 64  # RFC 7468, 2


def text(
    trust: Trust,
    *,
    name: str,
    comment: str = "",
    issued: datetime | None = None,
    next_update: datetime | None = None,
    accepted_makers: Iterable[str] = (),
) -> str:
    """Return a trust list with what *trust* has, in TOML; it is not checked.

    Times have a zone, and are written in UTC to the second. Fingerprints are as in `TrustList`.
    """
    makers = sorted({each.lower() for each in accepted_makers})
    lines = [f"format = {_quoted(FORMAT)}", f"name = {_quoted(name)}"]
    if comment:
        lines.append(f"comment = {_quoted(comment)}")
    for field, moment in (("issued", issued), ("next_update", next_update)):
        if moment is not None:
            lines.append(f"{field} = {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    if makers:
        lines += ["accepted_makers = [", *(f"  {_quoted(each)}," for each in makers), "]"]
    authorities = trust.time_authorities.certificates if trust.time_authorities else ()
    for field, certificates in (
        ("makers", trust.makers.certificates),
        ("signers", trust.signers.certificates),
        ("time_authorities", authorities),
        ("intermediates", trust.others),
    ):
        lines += _field(field, (_certificate(each) for each in certificates))
    lines += _field("crls", (_pem(each.der, "X509 CRL") for each in trust.lists))
    return "\n".join(lines) + "\n"


def _field(field: str, blocks: Iterable[str]) -> list[str]:
    found = list(blocks)
    return ["", f'{field} = """', *found, '"""'] if found else []


def _certificate(certificate: Certificate) -> str:
    """Write a certificate below its name, of which no character means anything to TOML or PEM."""
    name = "".join(each if each.isalnum() or each in " =,.-" else "_" for each in certificate.name)
    return f"{name[:200]}\n{_pem(certificate.der, 'CERTIFICATE')}"


def _pem(der: bytes, label: str) -> str:
    written = base64.b64encode(der).decode()
    lines = [written[start : start + _COLUMNS] for start in range(0, len(written), _COLUMNS)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def _quoted(value: str) -> str:
    # What JSON writes is a string of TOML, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
