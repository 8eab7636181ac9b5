"""The folder that ``signetctl seal verify --trust`` names: whom to trust, and what is revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from signetd.pki import Certificate, RevocationList, TrustStore

MAKERS: Final = "makers"
SIGNERS: Final = "signers"
TIME_AUTHORITIES: Final = "time-authorities"
INTERMEDIATES: Final = "intermediates"
CRLS: Final = "crls"


@dataclass(frozen=True)
class Trust:
    """Whom to trust for what; a store can be empty."""

    makers: "TrustStore"
    signers: "TrustStore"
    time_authorities: "TrustStore"
    others: "Sequence[Certificate]"
    lists: "Sequence[RevocationList]"


def read(folder: Path | None) -> Trust:
    """Read certificates (*.pem, *.crt, *.cer, *.der) and lists (*.crl) of a folder.

    Those in the folder itself are trusted for makers, signers and time stamps alike, those in the
    folders `makers`, `signers` and `time-authorities` for that only. `intermediates` has what
    stands between; lists are in the folder itself and in `crls`. Raises signetd.pki.InputError.
    """
    from signetd.pki import TrustStore, certificates, revocation_lists

    if folder is None:
        nobody = TrustStore("of nobody: give --trust", (), may_be_empty=True)
        return Trust(nobody, nobody, nobody, (), ())
    for_all = certificates(folder)
    between = folder / INTERMEDIATES
    lists = folder / CRLS
    return Trust(
        makers=_store(folder, MAKERS, for_all),
        signers=_store(folder, SIGNERS, for_all),
        time_authorities=_store(folder, TIME_AUTHORITIES, for_all),
        others=certificates(between) if between.is_dir() else (),
        lists=[
            *revocation_lists(folder),
            *(revocation_lists(lists) if lists.is_dir() else ()),
        ],
    )


def _store(folder: Path, name: str, for_all: "Sequence[Certificate]") -> "TrustStore":
    from signetd.pki import TrustStore, certificates

    own = folder / name
    found = [*for_all, *(certificates(own) if own.is_dir() else ())]
    return TrustStore(str(own if own.is_dir() else folder), found, may_be_empty=True)
