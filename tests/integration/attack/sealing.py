"""Seals for attacks, in every state: applied for by the founder, and handled by `security`."""

import secrets

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.attack.scene import FOUNDER, Scene
from tests.unit.daemon.seals import samples

KEYS = {
    "sealing": resources.KEY_PURPOSE_SEALING,
    "maker": resources.KEY_PURPOSE_SEAL_MAKING,
}
STAGES = ("applied", "accepted", "made", "in use", "suspended")


def options(scene: Scene) -> str:
    """Write the root of the certificates, and return the lines of [seals] that trust it."""
    folder = scene.daemon.folder / "roots"
    folder.mkdir()
    (folder / "root.der").write_bytes(samples.root())
    return 'makers = "roots"\nsigners = "roots"\nrevocation = "ignored"'


def prepare(scene: Scene) -> None:
    """Make the keys, and import their certificates."""
    for name, purpose in KEYS.items():
        scene.key(name, purpose, resources.KEY_TYPE_SM2)
        asked = keys.GetPublicKeyRequest(name=f"keys/{name}")
        spki = bytes(scene.by(FOUNDER).done("KeyService/GetPublicKey", asked).spki)
        request = keys.ImportCertificateRequest(
            name=f"keys/{name}", certificates=samples.certificate(spki, name)
        )
        scene.by(FOUNDER).done("KeyService/ImportCertificate", request)


def application(name: str = "") -> seals.ApplyForSealRequest:
    """Return the application for a new seal."""
    request = seals.ApplyForSealRequest(
        seal=name or f"s{secrets.token_hex(6)}",
        kind=seals.SEAL_KIND_BUSINESS,
        title="合同专用章",
        owner=seals.SealOwner(name="测试有限公司", unified_social_credit_code=samples.CODE),
        picture=seals.SealPicture(kind="PNG", data=samples.png(), width=40, height=40),
        signing_key="keys/sealing",
    )
    request.valid_from.FromDatetime(samples.NOW)
    request.valid_until.FromDatetime(samples.NOW + 100 * samples.DAY)
    return request


def making(name: str) -> seals.MakeSealRequest:
    """Return the request that makes a seal."""
    return seals.MakeSealRequest(name=name, maker_key="keys/maker", seal_id=name[6:])


def stamp(name: str) -> seals.StampRequest:
    """Return the request that stamps some document with a seal."""
    return seals.StampRequest(seal=name, document_digest=bytes(32), property_info="/Signature.xml")


def seal(scene: Scene, stage: str) -> str:
    """Have a seal come as far as one of STAGES; return its name."""
    founder, security = scene.by(FOUNDER), scene.by("security")
    name = str(founder.done("SealService/ApplyForSeal", application()).name)
    steps = (
        ("ReviewSeal", seals.ReviewSealRequest(name=name, accepted=True)),
        ("MakeSeal", making(name)),
        ("FileSeal", seals.FileSealRequest(name=name, filing_number="F")),
        ("SuspendSeal", seals.SuspendSealRequest(name=name, reason="attack")),
    )
    for method, request in steps[: STAGES.index(stage)]:
        security.done(f"SealService/{method}", request)
    return name
