"""The certificates that are trusted because somebody put them where they are."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from signetd.pki import folders, names
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError

MAX_CERTIFICATES: Final = 4096


class TrustStore:
    """Trust anchors under a name, which reports use; it does not change.

    A certificate in it is trusted whoever has signed it: roots, and intermediate CAs as well.
    """

    def __init__(
        self, name: str, certificates: Iterable[Certificate], *, may_be_empty: bool = False
    ) -> None:
        self.name = name
        self.certificates = tuple(dict.fromkeys(certificates))
        if not self.certificates and not may_be_empty:
            # Seldom meant: what is forgotten is told here, and not by each path that fails.
            raise InputError(f"trust store {name}", "it has no certificate; put the CAs' there")
        if len(self.certificates) > MAX_CERTIFICATES:
            raise InputError(f"trust store {name}", f"it has more than {MAX_CERTIFICATES}")
        self._known = frozenset(self.certificates)
        self._named: dict[names.Key, list[Certificate]] = {}
        for each in self.certificates:
            self._named.setdefault(each.subject_key, []).append(each)

    @classmethod
    def read(cls, folder: Path, name: str = "") -> "TrustStore":
        """Read the certificates of *folder*: files that end in folders.CERTIFICATES.

        Other files, and folders in it, are left alone. Raises InputError naming the file that
        cannot be read: a trust store counts as a whole.
        """
        return cls(name or str(folder), folders.certificates(folder))

    def named(self, subject: names.Key) -> list[Certificate]:
        """Return the anchors with that name."""
        return self._named.get(subject, [])

    def __contains__(self, certificate: Certificate) -> bool:
        return certificate in self._known
