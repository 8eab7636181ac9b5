"""The doctor knows each token again, and the table that it suggests serves it unchanged.

tests/integration/doctor has the disguises and NSS in depth; here every token is asked the same.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from signetd.drivers.types import KeyType
from tests.contract.conftest import NewId, staged
from tests.contract.subject import Driver, Feature, Spot, Subject
from tests.integration.doctor.daemon import running, sign
from tests.integration.doctor.examined import Examined
from tests.integration.drivers.test_certificates import issued

_IN_DEPTH = ("sansec", "luna", "mesince", "nss")


@pytest.fixture
def examined(subject: Subject, tmp_path: Path) -> Examined:
    """The token, as an administrator would examine it."""
    staged(subject, Spot.MODULE)
    file = tmp_path / "user.pin"
    file.write_text(subject.pin.reveal())
    file.chmod(0o600)
    options = ["--profile", "nss"] if subject.settings.profile == "nss" else []
    settings = subject.settings
    return Examined(Path(settings.module), settings.environment, file, file, options)


def _probe(examined: Examined, subject: Subject) -> dict[str, Any]:
    label = ["--label", subject.settings.label] if subject.settings.label else []
    return examined.probe(*label, "--slot-serial", subject.settings.serial)


def test_it_is_known_again(examined: Examined, subject: Subject) -> None:
    report = _probe(examined, subject)
    assert report["profile"]["name"] == subject.settings.profile, report["profile"]["fits"]
    assert report["profile"]["contradictions"] == []
    assert report["token"]["serial"] == subject.settings.serial
    assert report["weaknesses"] == []
    signs = {row["algorithm"] for row in report["algorithms"] if row["signs"]}
    for key_type in subject.key_types:
        assert set(subject.algorithms(key_type)) <= signs
    assert not signs & subject.lacks.algorithms


def test_the_suggested_table_serves_it(examined: Examined, subject: Subject) -> None:
    if subject.name in _IN_DEPTH:
        pytest.skip(f"{subject.name}: tests/integration/doctor has it")
    table = _probe(examined, subject)["configuration"]
    name = tomllib.loads(table)["token"][0]["name"]
    before = {key.ref for key in subject.backdoor.list_keys()}
    try:
        with running(table) as (client, _):
            for key_type in subject.key_types[:3]:
                sign(client, name, key_type.value)
    finally:
        for key in subject.backdoor.list_keys():
            if key.ref not in before:
                subject.backdoor.destroy(key.ref.cka_id)


def test_it_tells_of_the_certificates(
    examined: Examined, subject: Subject, driver: Driver, new_id: NewId
) -> None:
    if Feature.CERTIFICATES in subject.lacks.features:
        pytest.skip(f"{subject.name} keeps none")
    key = driver.generate(KeyType.EC_P256, label="印章", cka_id=new_id())
    der = issued(key, "合同专用章")
    driver.store_certificate(key.ref, der, "印章")
    report = _probe(examined, subject)
    (row,) = [e for e in report["certificates"] if e["cka_id"] == key.ref.cka_id.hex()]
    assert (row["label"], row["has_private_key"]) == ("印章", True)
    assert "合同专用章" in row["subject"]
    assert row["fingerprint"] == hashlib.sha256(der).hexdigest()
    assert report["objects"]["certificates"] == 1
    driver.destroy(key.ref)
    assert _probe(examined, subject)["certificates"] == []
