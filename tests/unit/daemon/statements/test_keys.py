"""What is stated of a key: what is registered is never what a module said."""

import msgspec
import pytest

from signetd.daemon.statements import keys
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import AttributeValue, ProtectionLevel, TokenInfo
from tests.unit.daemon.policy.values import KEY

INFO = TokenInfo(
    label="label",
    serial="serial",
    manufacturer="maker",
    model="model",
    module="module 1.0",
    protection_level=ProtectionLevel.SOFTWARE,
    inputs={},
)
PROVEN: dict[str, AttributeValue] = {
    "CKA_LOCAL": True,
    "CKA_SENSITIVE": True,
    "CKA_ALWAYS_SENSITIVE": True,
    "CKA_EXTRACTABLE": False,
    "CKA_NEVER_EXTRACTABLE": True,
}


def test_what_the_token_says_stands_beside_what_is_registered() -> None:
    said = keys.held(KEY, INFO, PROVEN)
    assert {name: said[name] for name in PROVEN} == PROVEN
    assert (said["public_key_fingerprint"], said["unreported"]) == (KEY.fingerprint, "")
    fewer = {name: value for name, value in PROVEN.items() if name != "CKA_LOCAL"}
    assert keys.held(KEY, INFO, fewer)["unreported"] == "CKA_LOCAL"


@pytest.mark.parametrize("name", ["spki", "public_key_fingerprint", "key", "nonce", "type", ""])
def test_a_module_cannot_have_other_values_stated(name: str) -> None:
    """A worker runs the module's code: it may answer whatever it likes."""
    with pytest.raises(SignetError, match="no attributes of a key") as error:
        keys.held(KEY, INFO, PROVEN | {name: "another"})
    assert error.value.reason is Reason.TOKEN_FAILED


def test_a_module_cannot_make_a_statement_that_is_too_long_to_be_verified() -> None:
    for attributes in (
        PROVEN | {"CKA_LABEL": "x" * 10_000},
        PROVEN | {f"CKA_{number}": True for number in range(1000)},
    ):
        with pytest.raises(SignetError, match="no attributes of a key"):
            keys.held(KEY, INFO, attributes)


def test_a_long_label_and_a_long_id_are_stated() -> None:
    key = msgspec.structs.replace(KEY, cka_id=bytes(32))
    said = keys.held(key, INFO, PROVEN | {"CKA_LABEL": "章" * 255, "CKA_ID": "00" * 32})
    assert said["CKA_LABEL"] == "章" * 255
