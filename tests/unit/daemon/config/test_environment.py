"""The environment variables that a token may set."""

import pytest

from signetd.daemon.config.environment import objection


@pytest.mark.parametrize(
    "name", ["SOFTHSM2_CONF", "ChrystokiConfigurationPath", "_x", "LD_LIBRARY_PATH", "A1"]
)
def test_a_vendors_variable_is_accepted(name: str) -> None:
    assert objection(name, "/some/path") is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must be a variable name"),
        ("1A", "must be a variable name"),
        ("A-B", "must be a variable name"),
        ("A=B", "must be a variable name"),
        ("A\n", "must be a variable name"),
        ("Ä", "must be a variable name"),
        ("PYTHONPATH", "changes the program"),
        ("PYTHON", "changes the program"),
        ("LD_PRELOAD", "changes the program"),
        ("LD_AUDIT", "changes the program"),
        ("HSM_PIN", "use pin_file"),
        ("hsm_user_pin", "use pin_file"),
        ("HSM_PASSWORD", "use pin_file"),
        ("Passphrase", "use pin_file"),
        ("workers", "write it above [token.environment]"),
        ("pin_file", "write it above [token.environment]"),
    ],
)
def test_a_variable_is_refused_with_the_reason(name: str, reason: str) -> None:
    message = objection(name, "73519428")
    assert message is not None
    assert reason in message
    assert "73519428" not in message


@pytest.mark.parametrize("value", [5, True, None, ["a"], {"a": "b"}])
def test_a_value_is_a_string(value: object) -> None:
    assert objection("A", value) == "must be a string in quotes."


def test_a_value_fits_into_an_environment() -> None:
    assert objection("A", "a\0b") == "must not contain a NUL character."
