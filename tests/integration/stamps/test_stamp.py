"""Seals are applied by a running daemon with a token, and openssl says what was made."""

import google_crc32c

from signetd.seal import parse_stamp
from tests.integration.stamps.conftest import DOCUMENT, PROPERTY, Office, digest


def test_a_stamp_is_made_that_openssl_verifies(office: Office) -> None:
    seal = office.seal()
    made = office.stamped(seal)
    assert office.recipe(made.stamp) == [
        "exit 0",
        "stamp signature: good",
        "seal signature: good",
        "signer in the seal: good",
        "document digest: good",
    ]
    assert office.recipe(made.stamp, DOCUMENT + b".")[0] == "exit 1"
    assert made.stamp_crc32c == google_crc32c.value(made.stamp)
    found = parse_stamp(made.stamp)
    assert found.seal.der == office.get(seal).der
    assert (found.property_info, found.data_hash) == (PROPERTY, digest(DOCUMENT))
