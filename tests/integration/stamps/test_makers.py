"""Makers whose certificates do not hold make no seals, by a CA of the openssl command."""

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.attack.calls import Answer
from tests.integration.attack.scene import FOUNDER
from tests.integration.stamps.conftest import Ca, Office


def accepted(office: Office, seal: str) -> None:
    """Have a seal applied for and reviewed."""
    office.apply(seal, office.key())
    review = seals.ReviewSealRequest(name=f"seals/{seal}", accepted=True)
    office.done("reviewer", "ReviewSeal", review)


def make(office: Office, seal: str, maker: str) -> Answer:
    """Try to make a seal with a key."""
    making = seals.MakeSealRequest(name=f"seals/{seal}", maker_key=f"keys/{maker}", seal_id=seal)
    return office.town.by("reviewer").call("SealService/MakeSeal", making)


def refused(office: Office, seal: str, maker: str, check: str) -> None:
    """Try to make a seal, which must fail before the token is asked."""
    begun = office.town.daemon.count("C_SignInit")
    answer = make(office, seal, maker)
    assert answer.result == "CERTIFICATE_UNSUITABLE", answer
    assert check in answer.message, answer
    assert office.get(seal).state == seals.SEAL_STATE_ACCEPTED
    assert office.town.daemon.count("C_SignInit") == begun, "the token was asked"


def test_a_revoked_maker_makes_no_seal(office: Office) -> None:
    maker = office.key(resources.KEY_PURPOSE_SEAL_MAKING)
    for seal in ("before", "after"):
        accepted(office, seal)
    assert make(office, "before", maker).result == "OK"
    office.ca.revoke(office.certificate_pem(maker))
    office.ca.lists(office.folder / "crls")
    refused(office, "after", maker, "REVOCATION")
    assert make(office, "after", "maker").result == "OK", "another maker can"


def test_a_maker_of_another_ca_makes_no_seal(office: Office) -> None:
    maker = office.key(resources.KEY_PURPOSE_SEAL_MAKING)
    foreign = Ca(office.folder / "foreign", "sm2")
    asked = keys.CreateCsrRequest(name=f"keys/{maker}", subject=f"CN={maker},O=测试,C=CN")
    request = office.town.by(FOUNDER).done("KeyService/CreateCsr", asked).pem.encode()
    chain = foreign.issue(request) + foreign.intermediate
    given = keys.ImportCertificateRequest(name=f"keys/{maker}", certificates=chain)
    office.town.by(FOUNDER).done("KeyService/ImportCertificate", given)
    accepted(office, "foreign")
    refused(office, "foreign", maker, "(")
