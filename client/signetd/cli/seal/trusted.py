"""What ``signetctl seal verify --trust`` names: whom to trust, and what is revoked."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signetd.pki import Certificate, TrustStore
    from signetd.seal import Trust, TrustList

MAKERS: Final = "makers"
SIGNERS: Final = "signers"
TIME_AUTHORITIES: Final = "time-authorities"
INTERMEDIATES: Final = "intermediates"
CRLS: Final = "crls"


def read(path: Path | None) -> "Trust":
    """Read a folder, or a file with a trust list or a bundle of certificates.

    Raises signetd.pki.InputError.
    """
    from signetd.seal.trust import nobody

    if path is None:
        return nobody("of nobody: give --trust")
    if path.is_dir() or not path.exists():
        return read_folder(path)
    return read_list(path).trust()


def read_list(path: Path) -> "TrustList":
    """Read a trust list; raises InputError."""
    return parse(read_bytes(path), path)


def parse(content: bytes, path: Path) -> "TrustList":
    """Read the content of a trust list; raises InputError naming its *path*."""
    from signetd.pki import InputError
    from signetd.seal import TrustList

    try:
        return TrustList.read(content)
    except InputError as error:
        raise InputError(str(path), str(error)) from None


def read_bytes(path: Path) -> bytes:
    """Read a file that may be a trust list; raises InputError."""
    from signetd.pki import InputError
    from signetd.seal.trust_list import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"it cannot be read: {error.strerror}") from None


def read_folder(folder: Path) -> "Trust":
    """Read certificates (*.pem, *.crt, *.cer, *.der) and lists (*.crl) of a folder.

    Those in the folder itself are trusted for makers, signers and time stamps alike, those in the
    folders `makers`, `signers` and `time-authorities` for that only. `intermediates` has what
    stands between; lists are in the folder itself and in `crls`. Raises signetd.pki.InputError.
    """
    from signetd.pki import certificates, revocation_lists
    from signetd.seal import Trust

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
