"""Whether bytes are meant to be a seal or a stamp, before they are read."""

from enum import StrEnum

from signetd.pki import der
from signetd.pki.errors import InputError


class Kind(StrEnum):
    """What a file has in it."""

    SEAL = "seal"
    """SESeal: the file of a seal (Seal.esl)."""
    STAMP = "stamp"
    """SES_Signature: what a document has in it (SignedValue.dat)."""


def kind_of(data: bytes) -> Kind | None:
    """Tell by the outermost elements; None if that cannot be told.

    What is signed of a stamp (TBS_Sign) begins with its version, a number; of a seal
    (SES_SealInfo) with a header, which is a sequence.
    """
    try:
        outer = der.single(data, der.SEQUENCE, "file")
        signed = der.elements(outer.value, "file")[0]
        first = der.elements(signed.value, "file")[0]
    except (InputError, IndexError):
        return None
    return {der.INTEGER: Kind.STAMP, der.SEQUENCE: Kind.SEAL}.get(first.tag)
