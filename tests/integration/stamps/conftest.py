"""A daemon with a token, a CA of the openssl command, and those who stamp."""

import hashlib
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.attack.calls import Answer
from tests.integration.attack.scene import FOUNDER, Scene, scene
from tests.pki_ca import OpensslCa
from tests.unit.daemon.seals import samples

PEOPLE: Final = ("applicant", "stamper", "stranger", "reviewer", "second", "auditor")
DAY: Final = timedelta(days=1)
DOCUMENT: Final = "第 42 号合同".encode()
PROPERTY: Final = "/Doc_0/Signs/Sign_0/Signature.xml"
_RECIPE: Final = Path(__file__).parents[2] / "vectors" / "seals" / "recipe.sh"


def digest(document: bytes) -> bytes:
    """SM3 of a document."""
    return hashlib.new("sm3", document).digest()


class Ca(OpensslCa):
    """A CA that publishes its revocation lists."""

    def lists(self, folder: Path) -> None:
        """Write the revocation lists of both CAs into a folder, each file in one go."""
        folder.mkdir(exist_ok=True)
        for name in ("root", "ca"):
            made = self.folder / f"{name}.crl"
            made.write_bytes(self.crl(name))
            made.replace(folder / made.name)


class Office:
    """The scene, with the calls that tests make again and again."""

    def __init__(self, town: Scene) -> None:
        self.town = town
        self.folder = town.daemon.folder
        self.ca = Ca(self.folder / "authority", "sm2")
        (self.folder / "roots").mkdir()
        (self.folder / "roots" / "root.pem").write_bytes(self.ca.root)
        self.ca.lists(self.folder / "crls")
        self.url = ""  # of a time-stamping authority
        self._names = 0

    def start(self, options: str = "", **further: Any) -> None:
        """Start the daemon; *options* are further lines of [seals], and tables behind it."""
        folders = 'makers = "roots"\nsigners = "roots"\ncrls = "crls"\n'
        self.town.start(seals=folders + options, **further)

    def key(self, purpose: Any = resources.KEY_PURPOSE_SEALING, **how: Any) -> str:
        """Make an SM2 key with a certificate of the CA; return its name."""
        self._names += 1
        name = f"key-{self._names}"
        request = keys.GenerateKeyRequest(
            key_id=name, token="tokens/t", key_type=resources.KEY_TYPE_SM2, purpose=purpose
        )
        self.town.by(FOUNDER).done("KeyService/GenerateKey", request)
        self.certify(name, **how)
        return name

    def certify(self, name: str, **how: Any) -> bytes:
        """Have a certificate issued for a key, and import it with its chain; return it, PEM."""
        asked = keys.CreateCsrRequest(name=f"keys/{name}", subject=f"CN={name},O=测试,C=CN")
        request = self.town.by(FOUNDER).done("KeyService/CreateCsr", asked).pem.encode()
        issued = self.ca.issue(request, **how)
        chain = issued + self.ca.intermediate
        given = keys.ImportCertificateRequest(name=f"keys/{name}", certificates=chain)
        self.town.by(FOUNDER).done("KeyService/ImportCertificate", given)
        return issued

    def certificate_pem(self, name: str) -> bytes:
        """Return the certificate of a key with its chain, PEM."""
        asked = keys.GetCertificateRequest(name=f"keys/{name}")
        pem: str = self.town.by(FOUNDER).done("KeyService/GetCertificate", asked).pem
        return pem.encode()

    def until_changed(self, seal: str) -> Answer:
        """Stamp until it is refused: time goes on, and folders are looked at once in a second."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            answer = self.stamp(seal)
            if answer.result != "OK":
                return answer
            time.sleep(0.1)
        raise AssertionError("what should stop this seal has not within 20 s")

    def done(self, who: str, method: str, request: Any) -> Any:
        """Call SealService, which must succeed."""
        return self.town.by(who).done(f"SealService/{method}", request)

    def call(self, who: str, method: str, request: Any) -> Answer:
        """Call SealService."""
        return self.town.by(who).call(f"SealService/{method}", request)

    def apply(self, seal: str, key: str, **changes: Any) -> None:
        """Apply for a seal; *changes* are of the application."""
        now = datetime.now(UTC)
        request = seals.ApplyForSealRequest(
            seal=seal,
            kind=seals.SEAL_KIND_LEGAL_NAME,
            title="测试有限公司",
            owner=seals.SealOwner(name="测试有限公司", unified_social_credit_code=samples.CODE),
            picture=seals.SealPicture(kind="PNG", data=samples.png(), width=40, height=40),
            signing_key=f"keys/{key}",
        )
        request.valid_from.FromDatetime(changes.pop("valid_from", now - timedelta(hours=1)))
        request.valid_until.FromDatetime(changes.pop("valid_until", now + 300 * DAY))
        request.MergeFrom(seals.ApplyForSealRequest(**changes))
        self.done("applicant", "ApplyForSeal", request)

    def made(self, seal: str, key: str, **changes: Any) -> seals.Seal:
        """Have a seal applied for, reviewed and made."""
        name = f"seals/{seal}"
        self.apply(seal, key, **changes)
        self.done("reviewer", "ReviewSeal", seals.ReviewSealRequest(name=name, accepted=True))
        making = seals.MakeSealRequest(name=name, maker_key="keys/maker", seal_id=f"3301{seal}")
        found: seals.Seal = self.done("reviewer", "MakeSeal", making)
        return found

    def filed(self, seal: str) -> seals.Seal:
        """File a seal that is made."""
        filing = seals.FileSealRequest(name=f"seals/{seal}", filing_number=f"F-{seal}")
        found: seals.Seal = self.done("reviewer", "FileSeal", filing)
        return found

    def seal(self, key: str = "", **changes: Any) -> str:
        """Return the name of a new seal that is in use, of a new key unless one is given."""
        self._names += 1
        name = f"seal-{self._names}"
        self.made(name, key or self.key(), **changes)
        self.filed(name)
        return name

    def act(self, act: str, seal: str, reason: str = "for the test") -> None:
        """Suspend, resume or cancel a seal."""
        request = getattr(seals, f"{act}SealRequest")(name=f"seals/{seal}", reason=reason)
        self.done("reviewer", f"{act}Seal", request)

    def get(self, seal: str) -> seals.Seal:
        """Return a seal as it is now."""
        found: seals.Seal = self.done(
            "reviewer", "GetSeal", seals.GetSealRequest(name=f"seals/{seal}")
        )
        return found

    def stamp(self, seal: str, who: str = "stamper", **changes: Any) -> Answer:
        """Stamp the document."""
        return self.town.by(who).call("SealService/Stamp", order(seal, **changes))

    def stamped(self, seal: str, who: str = "stamper", **changes: Any) -> seals.StampResponse:
        """Stamp the document, which must succeed."""
        found: seals.StampResponse = self.done(who, "Stamp", order(seal, **changes))
        return found

    def recipe(self, stamp: bytes, document: bytes = DOCUMENT) -> list[str]:
        """Return what the openssl command, and nothing else, says of a stamp."""
        files = self.folder / "stamp.dat", self.folder / "document"
        for file, content in zip(files, (stamp, document), strict=True):
            file.write_bytes(content)
        command = [str(_RECIPE), "stamp", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return [f"exit {done.returncode}", *done.stdout.splitlines(), *done.stderr.splitlines()]


def order(seal: str, **changes: Any) -> seals.StampRequest:
    """Return the request for a stamp on the document; *changes* are of its fields."""
    fields = {"document_digest": digest(DOCUMENT), "property_info": PROPERTY}
    return seals.StampRequest(seal=f"seals/{seal}", **(fields | changes))


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A daemon with a maker's key, where `stamper` may stamp with every seal."""
    with scene(*PEOPLE) as town:
        made = Office(town)
        made.start()
        open_office(made)
        yield made


def open_office(made: Office) -> None:
    """Fill a new daemon with people, keys and grants."""
    town = made.town
    town.key("audit", resources.KEY_PURPOSE_AUDIT)
    for name in ("applicant", "stamper", "stranger"):
        town.admit(name, access.ROLE_SIGNER)
    for name in ("reviewer", "second"):
        town.admit(name, access.ROLE_SECURITY_ADMIN)
    town.admit("auditor", access.ROLE_AUDITOR)
    town.grant("applicant", "*", operations=[access.OPERATION_READ])
    town.grant("stamper", "*", operations=[access.OPERATION_STAMP])
    request = keys.GenerateKeyRequest(
        key_id="maker",
        token="tokens/t",
        key_type=resources.KEY_TYPE_SM2,
        purpose=resources.KEY_PURPOSE_SEAL_MAKING,
    )
    town.by(FOUNDER).done("KeyService/GenerateKey", request)
    made.certify("maker")
