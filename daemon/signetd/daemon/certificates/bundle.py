"""The certificates that a caller gives: read, and put in their order; pure."""

from collections.abc import Sequence
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm2 import DEFAULT_SIGNER_ID
from signetd.pki import Certificate, InputError, keys, names
from signetd.pki.links import Signatures

MAX_BYTES: Final = 256 * 1024
"""Most that is taken, in PEM or DER."""
MAX_CERTIFICATES: Final = 8


def read(data: bytes) -> list[Certificate]:
    """Read certificates in PEM, or one in DER; the same one twice counts once.

    Raises SignetError INPUT_MISSING, INPUT_INVALID.
    """
    if not data:
        raise SignetError(
            Reason.INPUT_MISSING, "certificates is missing; give them in PEM, or one in DER."
        )
    if len(data) > MAX_BYTES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"certificates has {len(data)} bytes; at most {MAX_BYTES} are taken. Give the key's "
            "own certificate and its chain only.",
        )
    try:
        found = list(dict.fromkeys(Certificate.read_all(data, "certificates")))
    except InputError as error:
        raise SignetError(
            Reason.INPUT_INVALID, f"{error}. Give X.509 certificates in PEM, or one in DER."
        ) from None
    if len(found) > MAX_CERTIFICATES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"certificates has {len(found)} of them; at most {MAX_CERTIFICATES} are taken. Give "
            "the key's own and its chain only.",
        )
    return found


def of_key(found: Sequence[Certificate], spki: bytes) -> Certificate | None:
    """Return the one that is of the public key *spki* (DER); None if there is none.

    Raises SignetError CERTIFICATE_UNSUITABLE if there are several.
    """
    own = [each for each in found if keys.same(each.spki, spki)]
    if len(own) > 1:
        raise SignetError(
            Reason.CERTIFICATE_UNSUITABLE,
            f"There are {len(own)} certificates of the key, by {_names(own, of_issuer=True)}; "
            "give the one that shall count, with its chain.",
        )
    return own[0] if own else None


def chain(own: Certificate, found: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """Return *own* and those above it, each followed by the one that has signed it.

    The last one need not be a root. Raises SignetError CERTIFICATE_UNSUITABLE naming those that
    do not belong to it.
    """
    signatures = Signatures(DEFAULT_SIGNER_ID)
    ordered, left = [own], [each for each in found if each != own]
    trouble = ""
    while not ordered[-1].is_self_issued:
        named = [each for each in left if each.subject_key == ordered[-1].issuer_key]
        problems = {each: signatures.problem(ordered[-1], each) for each in named}
        above = next((each for each in named if not problems[each]), None)
        if above is None:
            trouble = next((f"{ordered[-1].name}: {why}" for why in problems.values()), "")
            break
        ordered.append(above)
        left.remove(above)
    if left:
        raise SignetError(
            Reason.CERTIFICATE_UNSUITABLE,
            f"{_names(left)} does not belong to the chain of {own.name}"
            f"{f' ({trouble})' if trouble else ''}; give only those that lead from it to its root.",
        )
    return tuple(ordered)


def _names(found: Sequence[Certificate], *, of_issuer: bool = False) -> str:
    shown = [names.text(each.issuer) if of_issuer else each.name for each in found[:3]]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return "; ".join(shown) + more
