"""What becomes of a seal when its key is disabled, replaced or to be destroyed."""

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.attack.calls import Answer
from tests.integration.attack.scene import FOUNDER
from tests.integration.stamps.conftest import Office


def destroy(office: Office, key: str) -> Answer:
    office.town.disable(key)
    request = keys.DestroyKeyRequest(name=f"keys/{key}")
    return office.town.by(FOUNDER).call("KeyService/DestroyKey", request)


def enable(office: Office, key: str) -> None:
    request = keys.EnableKeyRequest(name=f"keys/{key}")
    office.town.by(FOUNDER).done("KeyService/EnableKey", request)


def test_the_key_of_a_seal_in_use_is_not_destroyed(office: Office) -> None:
    key = office.key()
    one, two = office.seal(key), office.seal(key)
    office.act("Suspend", two)
    before = office.town.daemon.count("C_DestroyObject")
    answer = destroy(office, key)
    assert (answer.result, answer.code) == ("KEY_STATE_WRONG", "FAILED_PRECONDITION"), answer
    assert f"2 seals in use or suspended: seals/{one}, seals/{two}." in answer.message
    assert office.town.daemon.count("C_DestroyObject") == before
    enable(office, key)
    office.stamped(one)
    office.act("Cancel", one)
    assert "1 seal in use or suspended" in destroy(office, key).message
    office.act("Cancel", two)
    assert destroy(office, key).result == "OK"
    assert office.get(one).state == seals.SEAL_STATE_CANCELLED


def test_a_seal_that_is_made_and_not_filed_keeps_no_key(office: Office) -> None:
    key = office.key()
    office.made("waiting", key)
    assert destroy(office, key).result == "OK"
    filing = seals.FileSealRequest(name="seals/waiting", filing_number="1")
    answer = office.town.by("reviewer").call("SealService/FileSeal", filing)
    assert answer.result == "KEY_STATE_WRONG", answer


def test_the_key_of_a_maker_can_be_destroyed_and_its_seals_stamp_on(office: Office) -> None:
    maker = office.key(resources.KEY_PURPOSE_SEAL_MAKING)
    office.apply("orphan", office.key())
    name = "seals/orphan"
    office.done("reviewer", "ReviewSeal", seals.ReviewSealRequest(name=name, accepted=True))
    making = seals.MakeSealRequest(name=name, maker_key=f"keys/{maker}", seal_id="orphan")
    office.done("reviewer", "MakeSeal", making)
    office.filed("orphan")
    assert destroy(office, maker).result == "OK"
    office.stamped("orphan")


def test_a_disabled_key_stamps_again_when_it_is_enabled(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    office.town.disable(key)
    assert office.stamp(seal).result == "KEY_STATE_WRONG"
    assert office.get(seal).state == seals.SEAL_STATE_IN_USE
    enable(office, key)
    office.stamped(seal)


def test_a_replaced_key_stamps_only_with_a_seal_that_names_its_new_certificate(
    office: Office,
) -> None:
    key = office.key()
    seal = office.seal(key)
    replace = keys.ReplaceKeyRequest(name=f"keys/{key}")
    office.town.by(FOUNDER).done("KeyService/ReplaceKey", replace)
    assert office.stamp(seal).result in {"CERTIFICATE_MISSING", "CERTIFICATE_UNSUITABLE"}
    office.certify(key)
    answer = office.stamp(seal)
    assert (answer.result, "ChangeSeal" in answer.message) == ("CERTIFICATE_UNSUITABLE", True)
    office.stamped(office.seal(key))
    old = keys.DestroyKeyRequest(name=f"keys/{key}/versions/1")
    answer = office.town.by(FOUNDER).call("KeyService/DestroyKey", old)
    assert answer.result == "OK", "the old pair stamps nothing any more, so it holds nobody up"
