"""Two regions with a CA each, whose seals are good at home: what mutual recognition is about."""

import functools
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Final

from signetd.pki import Certificate, RevocationList, TrustStore
from signetd.seal import Format, Trust
from signetd.seal.trust_list_text import text
from tests.unit.pki.forest import Entity
from tests.unit.pki.making import DAY, NOW
from tests.unit.pki.test_openssl_made import DISTID, Folder
from tests.unit.seal.workshop import House, SealPlan, StampPlan

AT: Final = NOW
EAST, WEST = House("east"), House("west")


@functools.cache
def trust_of(house: House) -> Trust:
    """Return the trust of a region: its own root, the CA below, and the lists of both."""
    root = TrustStore("root", [Certificate.read(house.root.der)])
    return Trust(
        makers=root,
        signers=root,
        others=[Certificate.read(house.ca.der)],
        lists=[RevocationList.read(each) for each in house.lists()],
    )


def list_of(
    house: House,
    *,
    accepted: tuple[str, ...] = (),
    issued: datetime | None = None,
    next_update: datetime | None = None,
) -> bytes:
    """Return a region's trust list."""
    written = text(
        trust_of(house),
        name=house.root.common_name,
        accepted_makers=accepted,
        issued=issued,
        next_update=next_update,
    )
    return written.encode()


@functools.cache
def seal_of(house: House) -> bytes:
    """Return a seal that a maker of a region has made for somebody of it."""
    return SealPlan(maker=maker_of(house), owners=(owner_of(house),)).der()


def stamp_of(house: House, seal: bytes | None = None) -> bytes:
    """Return a stamp of somebody of a region, on workshop.DOCUMENT."""
    given = seal or seal_of(house)
    return StampPlan(seal=given, signer=owner_of(house), form=Format.V4).der()


@functools.cache
def maker_of(house: House) -> Entity:
    """Return the maker of a region."""
    return house.holder(f"maker of {house.root.common_name}")


@functools.cache
def owner_of(house: House) -> Entity:
    """Return an owner of seals in a region."""
    return house.holder(f"owner of {house.root.common_name}")


def write(folder: Path, **files: bytes) -> Path:
    """Make a folder with files, whose names have their last underscore in place of the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(content)
    return folder


class OpensslRegion:
    """A region that the openssl command alone has made: root, CA, maker, list, signature."""

    def __init__(self, folder: Path) -> None:
        self.made = Folder(folder)
        self.made.certificate("root", "root", "authority")
        self.made.certificate("ca", "root", "authority")
        self.made.certificate("leaf", "ca", "signer")

    def der(self, name: str) -> bytes:
        """Return a certificate."""
        return Certificate.read(self.made.read(name)).der

    def seal(self) -> bytes:
        """Return a seal of its maker, made after the maker's certificate."""
        maker = self.der("leaf")
        made = Certificate.read(maker).not_before
        life = (made, made + 50 * DAY)
        return SealPlan(certificate=maker, sign=self._sign, made=made, life=life).der()

    def _sign(self, data: bytes) -> bytes:
        (self.made.folder / "signed").write_bytes(data)
        how = ["-rawin", "-digest", "sm3", "-pkeyopt", DISTID]
        done = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", "leaf.key", *how, "-in", "signed"],
            cwd=self.made.folder,
            capture_output=True,
            check=True,
        )
        return done.stdout
