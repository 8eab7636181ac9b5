"""What is sent to an authority, and what it answers (RFC 3161, 2.4)."""

from typing import Final

from asn1crypto import core, tsp  # type: ignore[import-untyped]  # it ships no types

from signetd.pki import der
from signetd.pki.errors import InputError
from signetd.pki.timestamp import hashes
from signetd.pki.timestamp.token import MAX_BYTES as MAX_TOKEN_BYTES

MAX_BYTES: Final = MAX_TOKEN_BYTES + 4096
"""Of a response."""
MAX_NONCE_BITS: Final = 160
_PLACE: Final = "time-stamp response"
_GRANTED: Final = (0, 1)
_STATUSES: Final = (
    "granted",
    "grantedWithMods",
    "rejection",
    "waiting",
    "revocationWarning",
    "revocationNotification",
)
_FAILURES: Final = {
    0: ("badAlg", "it does not accept the hash"),
    2: ("badRequest", "it does not permit or support such a request"),
    5: ("badDataFormat", "what it got was malformed"),
    14: ("timeNotAvailable", "its source of time is not available"),
    15: ("unacceptedPolicy", "it does not work under the policy that was asked for"),
    16: ("unacceptedExtension", "it does not support an extension of the request"),
    17: ("addInfoNotAvailable", "it does not have what was asked for in addition"),
    25: ("systemFailure", "something in it has failed"),
}
_PASSING: Final = frozenset({"timeNotAvailable", "systemFailure"})
_MAX_TEXT: Final = 200


class RefusedError(Exception):
    """An authority has not made a token; the message says so in words.

    ``status`` and ``failures`` are names of RFC 3161; ``text`` is the authority's own, shortened.
    """

    def __init__(self, status: str, failures: tuple[str, ...], text: str) -> None:
        meanings = dict(_FAILURES.values())
        why = "; ".join(f"{each}: {meanings.get(each, 'not known here')}" for each in failures)
        said = f"; it says: {text}" if text else ""
        super().__init__(f"the authority answers {status}{f' ({why})' if why else ''}{said}")
        self.status = status
        self.failures = failures
        self.text = text

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status == "waiting" or bool(_PASSING & set(self.failures))


def request(
    imprint_algorithm: str,
    digest: bytes,
    *,
    nonce: int | None,
    policy: str | None = None,
    certificates: bool = True,
) -> bytes:
    """Return a TimeStampReq in DER (RFC 3161, 2.4.1).

    *digest* is by *imprint_algorithm*: ``sm3``, ``sha256``, ``sha384`` or ``sha512``; *policy* is
    an object identifier; with *certificates* the token comes with the authority's certificate.
    Raises ValueError for what makes no request.
    """
    if imprint_algorithm not in hashes.STRONG:
        known = ", ".join(sorted(hashes.STRONG))
        raise ValueError(f"imprint_algorithm is one of {known}, not {imprint_algorithm}")
    hashes.check_size(imprint_algorithm, digest, "digest")
    if nonce is not None and not 0 < nonce < 1 << MAX_NONCE_BITS:
        raise ValueError(f"nonce is a positive number of at most {MAX_NONCE_BITS} bits")
    algorithm = {"algorithm": hashes.OIDS[imprint_algorithm], "parameters": core.Null()}
    imprint = {"hash_algorithm": algorithm, "hashed_message": digest}
    fields = {"version": 1, "message_imprint": imprint, "cert_req": certificates}
    if policy is not None:
        fields["req_policy"] = policy
    if nonce is not None:
        fields["nonce"] = nonce
    written: bytes = tsp.TimeStampReq(fields).dump()
    return written


def read_response(data: bytes) -> bytes:
    """Return the token, DER, of a TimeStampResp (RFC 3161, 2.4.2).

    Raises RefusedError where the authority gives none, InputError for what cannot be read.
    """
    if len(data) > MAX_BYTES:
        raise InputError(_PLACE, f"it has more than {MAX_BYTES} bytes")
    fields = der.Fields(der.single(data, der.SEQUENCE, _PLACE), _PLACE)
    status = fields.take(der.SEQUENCE, "status")
    der.check(status, f"{_PLACE}, status")
    token = fields.take_if(der.SEQUENCE)
    fields.end()
    number, refusal = _status(status)
    if number not in _GRANTED:
        raise refusal
    if token is None:
        raise InputError(_PLACE, "the authority says that it has made a token, but gives none")
    return token.raw


def _status(element: der.Element) -> tuple[int, RefusedError]:
    fields = der.Fields(element, f"{_PLACE}, status")
    number = der.integer(fields.take(der.INTEGER, "status"))
    texts, failures = fields.take_if(der.SEQUENCE), fields.take_if(der.BIT_STRING)
    fields.end()
    name = _STATUSES[number] if 0 <= number < len(_STATUSES) else f"status {number}"
    said = "" if texts is None else _text(texts)
    return number, RefusedError(name, () if failures is None else _failures(failures), said)


def _failures(element: der.Element) -> tuple[str, ...]:
    bits = "".join(f"{octet:08b}" for octet in element.value[1:9])
    known = {bit: name for bit, (name, _) in _FAILURES.items()}
    return tuple(known.get(bit, f"bit {bit}") for bit, each in enumerate(bits) if each == "1")


def _text(element: der.Element) -> str:
    parts = (each.value.decode("utf-8", "replace") for each in der.elements(element.value, _PLACE))
    safe = "".join(c if c.isprintable() else "�" for c in " ".join(parts))
    return safe if len(safe) <= _MAX_TEXT else safe[:_MAX_TEXT] + "…"
