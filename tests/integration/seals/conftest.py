"""A daemon with a token that has SM2 keys, and those who have to do with seals."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.attack.calls import Answer
from tests.integration.attack.scene import FOUNDER, Scene, scene
from tests.unit.daemon.seals import samples

PEOPLE = ("applicant", "reviewer", "auditor", "stranger")
_DURATION = 300 * samples.DAY


class Office:
    """The scene, with the calls of SealService that tests make again and again."""

    def __init__(self, town: Scene) -> None:
        self.town = town

    def key(self, name: str, purpose: Any) -> bytes:
        """Make an SM2 key; return its SubjectPublicKeyInfo."""
        request = keys.GenerateKeyRequest(
            key_id=name, token="tokens/t", key_type=resources.KEY_TYPE_SM2, purpose=purpose
        )
        self.town.by(FOUNDER).done("KeyService/GenerateKey", request)
        asked = keys.GetPublicKeyRequest(name=f"keys/{name}")
        return bytes(self.town.by(FOUNDER).done("KeyService/GetPublicKey", asked).spki)

    def certify(self, name: str, certificate: bytes) -> None:
        """Import the certificate of a key."""
        request = keys.ImportCertificateRequest(name=f"keys/{name}", certificates=certificate)
        self.town.by(FOUNDER).done("KeyService/ImportCertificate", request)

    def application(self, seal: str, **changes: Any) -> seals.ApplyForSealRequest:
        """Return the application for a seal; *changes* are of its fields."""
        request = seals.ApplyForSealRequest(
            seal=seal,
            kind=seals.SEAL_KIND_LEGAL_NAME,
            title="测试有限公司",
            owner=seals.SealOwner(name="测试有限公司", unified_social_credit_code=samples.CODE),
            picture=seals.SealPicture(kind="PNG", data=samples.png(), width=40, height=40),
            signing_key="keys/sealing",
        )
        request.valid_from.FromDatetime(changes.pop("valid_from", samples.NOW))
        request.valid_until.FromDatetime(changes.pop("valid_until", samples.NOW + _DURATION))
        request.MergeFrom(seals.ApplyForSealRequest(**changes))
        return request

    def call(self, who: str, method: str, request: Any) -> Answer:
        """Call SealService."""
        return self.town.by(who).call(f"SealService/{method}", request)

    def done(self, who: str, method: str, request: Any) -> Any:
        """Call SealService, which must succeed."""
        return self.town.by(who).done(f"SealService/{method}", request)

    def in_use(self, seal: str, seal_id: str = "", **changes: Any) -> seals.Seal:
        """Apply for a seal, and have it reviewed, made and filed."""
        name = f"seals/{seal}"
        self.done("applicant", "ApplyForSeal", self.application(seal, **changes))
        self.done("reviewer", "ReviewSeal", seals.ReviewSealRequest(name=name, accepted=True))
        making = seals.MakeSealRequest(
            name=name, maker_key="keys/maker", seal_id=seal_id or f"3301{seal}"
        )
        self.done("reviewer", "MakeSeal", making)
        filing = seals.FileSealRequest(name=name, filing_number=f"F-{seal}", remark="公安备案")
        filed: seals.Seal = self.done("reviewer", "FileSeal", filing)
        return filed

    def file(self, name: str) -> Path:
        """Return the path of a file for a test."""
        return self.town.daemon.folder / name


def moment(stamp: Any) -> datetime:
    """Read a Timestamp."""
    found: datetime = stamp.ToDatetime(tzinfo=samples.NOW.tzinfo)
    return found


@contextmanager
def daemon(*, publish_status: bool = False) -> Iterator[Office]:
    """Run a daemon with the keys `sealing`, `second` and `maker`, with certificates."""
    with scene(*PEOPLE) as town:
        made = Office(town)
        folder = town.daemon.folder / "makers"
        folder.mkdir()
        (folder / "root.der").write_bytes(samples.root())
        options = ['makers = "makers"', 'revocation = "ignored"']
        options.append(f"publish_status = {str(publish_status).lower()}")
        town.start(seals="\n".join(options))
        town.key("audit", resources.KEY_PURPOSE_AUDIT)
        town.admit("applicant", access.ROLE_SIGNER)
        town.admit("stranger", access.ROLE_SIGNER)
        town.admit("reviewer", access.ROLE_SECURITY_ADMIN)
        town.admit("auditor", access.ROLE_AUDITOR)
        town.grant("applicant", "se*")
        for name, purpose in (
            ("sealing", resources.KEY_PURPOSE_SEALING),
            ("second", resources.KEY_PURPOSE_SEALING),
            ("maker", resources.KEY_PURPOSE_SEAL_MAKING),
        ):
            made.certify(name, samples.certificate(made.key(name, purpose), name))
        yield made


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A daemon that tells the status of a seal to those who see it."""
    with daemon() as made:
        yield made


@pytest.fixture(scope="module")
def published() -> Iterator[Office]:
    """A daemon that tells everybody the status of seals."""
    with daemon(publish_status=True) as made:
        yield made
