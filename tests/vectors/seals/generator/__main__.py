"""Makes all fixtures anew: python -m tests.vectors.seals.generator [FOLDER]"""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.vectors.seals.generator import (
    bad_certificates,
    bad_encodings,
    bad_signatures,
    good_seals,
    good_stamps,
    people,
)
from tests.vectors.seals.generator.book import write
from tests.vectors.seals.generator.stamps import DOCUMENT, DOCUMENT_TEXT

_OWN = ("good", "bad", "open", "trust", "intermediates", "crls")


def generate(folder: Path) -> None:
    """Write everything into *folder*; what it had of an earlier time is removed."""
    with tempfile.TemporaryDirectory() as keys:
        everybody = people.everybody(Path(keys))
        chapters = (good_seals, good_stamps, bad_signatures, bad_certificates, bad_encodings)
        pages = [page for chapter in chapters for page in chapter.pages(everybody)]
        for name in _OWN:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(parents=True)
        write(pages, folder)
        (folder / DOCUMENT).write_bytes(DOCUMENT_TEXT)
        _write_authorities(everybody, folder)


def _write_authorities(everybody: people.People, folder: Path) -> None:
    for name, authority in everybody.authorities.items():
        (folder / "crls" / f"{name}.crl").write_bytes(authority.revocation_list())
        trusted = name in ("root", "rsa-root")
        if trusted or name == "ca":
            place = folder / ("trust" if trusted else "intermediates") / f"{name}.der"
            place.write_bytes(authority.holder.certificate)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1])
