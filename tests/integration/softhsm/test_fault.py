"""Every action of the fault module, in front of the SM2 module and SoftHSM."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signetd.softhsm import ProvisionedToken, set_faults
from tests.chaos.processes import descendants

E_GIVEN, WITH_SM3 = 0x80000202, 0x80000203
E = "11" * 32
DEVICE_ERROR, DEVICE_REMOVED, NOT_PRESENT, FUNCTION_FAILED = 0x30, 0x32, 0xE0, 0x6
SLOT_ID_INVALID = 0x3


@pytest.fixture
def token(fault_token: ProvisionedToken, tmp_path: Path) -> ProvisionedToken:
    """The token with a control file and a log of this test's own."""
    own = {
        "SIGNETD_FAULT_FILE": str(tmp_path / "faults"),
        "SIGNETD_FAULT_LOG": str(tmp_path / "calls"),
    }
    return replace(fault_token, environment=fault_token.environment | own)


@pytest.fixture
def child(token: ProvisionedToken, child_of: Callable[..., Any]) -> Any:
    return child_of(token)


@pytest.fixture
def faults(tmp_path: Path) -> Callable[..., None]:
    return lambda *rules: set_faults(tmp_path / "faults", *rules)


@pytest.fixture
def key(child: Any) -> tuple[int, int]:
    session = child.start_session()
    return session, child.make_key(session)[1]


def sign(child: Any, session: int, private: int, mechanism: int = E_GIVEN) -> Any:
    assert child.sign_init(session, mechanism, private) == [0]
    return child.sign(session, E)


def test_without_rules_it_is_the_module_behind_it(
    child: Any, openssl_accepts: Any, der: Any
) -> None:
    session = child.start_session()
    public, private = child.make_key(session)
    signature = der(sign(child, session, private)[2])
    assert openssl_accepts(child.spki(session, public), signature, bytes.fromhex(E), None)


def test_error_instead_of_the_call(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_Sign error 0x30")
    assert sign(child, session, private)[0] == DEVICE_ERROR
    faults()
    assert child.sign(session, E)[:2] == [0, 64], "the operation was not touched"


def test_error_after_the_call(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_Sign error-after 0x80001234")
    assert sign(child, session, private)[0] == 0x80001234
    faults()
    assert child.sign(session, E)[0] == 0x91, "the signature was made, so the operation is over"


def test_calls_are_counted_by_signatures(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_Sign error 48 after=2 times=2")
    answers = []
    for _ in range(6):
        child.sign_init(session, E_GIVEN, private)
        assert child.sign(session, E, None) == [0, 64, None], "a question passes, uncounted"
        answers.append(child.sign(session, E)[0])
    assert answers == [0, 0, DEVICE_ERROR, DEVICE_ERROR, 0, 0]


def test_counters_start_again_with_the_file(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    for _ in range(2):
        faults("C_Sign error 0x30 times=1")
        assert sign(child, session, private)[0] == DEVICE_ERROR
        assert child.sign(session, E)[0] == 0


def test_any_function(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("# everything fails", "", "  * error 0x5")
    assert child.sign_init(session, E_GIVEN, private) == [0x5]
    assert child.call("C_CloseSession", session) == [0x5]
    assert child.digest_init(session, 0x250) == [0x5]


def test_the_first_answer_counts(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, _ = key
    faults("C_DigestInit error 0x30 times=1", "* error 0x5")
    assert [child.digest_init(session, 0x250) for _ in range(2)] == [[0x30], [0x5]]


def test_delay(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_Sign delay 300 times=1")
    start = time.monotonic()
    assert sign(child, session, private)[0] == 0
    assert time.monotonic() - start >= 0.3
    assert sign(child, session, private)[0] == 0


def test_hang(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, _ = key
    faults("C_DigestInit hang")
    with pytest.raises(TimeoutError):
        child.ask("digest_init", session, 0x250, seconds=0.5)
    child.kill()


@pytest.mark.parametrize(
    ("action", "status"),
    [("crash", -signal.SIGABRT), ("segv", -signal.SIGSEGV), ("exit 7", 7)],
)
def test_end_of_the_process(
    child: Any, key: tuple[int, int], faults: Any, action: str, status: int
) -> None:
    session, _ = key
    faults(f"C_DigestInit {action}")
    with pytest.raises(EOFError):
        child.digest_init(session, 0x250)
    assert child.end()[0] == status


@pytest.mark.parametrize("final", [False, True])
def test_flipped_bit(child: Any, faults: Any, final: bool, openssl_accepts: Any, der: Any) -> None:
    session = child.start_session()
    public, private = child.make_key(session)
    faults("C_Sign flip times=1", "C_SignFinal flip times=1")
    for right in (False, True):
        assert child.sign_init(session, E_GIVEN, private) == [0]
        if final:
            assert child.sign_update(session, E) == [0]
            signature = der(child.sign_final(session)[2])
        else:
            signature = der(child.sign(session, E)[2])
        accepted = openssl_accepts(child.spki(session, public), signature, bytes.fromhex(E), None)
        assert accepted is right


@pytest.mark.parametrize("name", ["C_Sign", "C_SignInit"])
def test_null_signatures(
    child: Any, faults: Any, name: str, openssl_accepts: Any, der: Any
) -> None:
    """After the first, the token is not called: the same signature comes back, at once."""
    session = child.start_session()
    public, private = child.make_key(session)
    faults(f"{name} null")
    first = sign(child, session, private)[2]
    start = time.monotonic()
    assert child.sign_many(session, E_GIVEN, private, E, 500) == [0]
    assert time.monotonic() - start < 0.2, "500 real SM2 signatures take longer"
    assert child.sign_init(session, E_GIVEN, private) == [0]
    assert child.sign_init(session, E_GIVEN, private) == [0x90]
    assert child.sign(session, E, None) == [0, 64, None]
    assert child.sign(session, E, 63) == [0x150, 64, None]
    assert child.sign(session, E) == [0, 64, first]
    assert child.sign(session, E)[0] == 0x91
    assert openssl_accepts(child.spki(session, public), der(first), bytes.fromhex(E), None)
    other = sign(child, session, private, WITH_SM3)[2]
    assert other != first
    faults()
    assert sign(child, session, private)[2] not in (first, other)


def test_null_signatures_in_parts(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_Sign null")
    signatures = set()
    for _ in range(3):
        assert child.sign_init(session, WITH_SM3, private) == [0]
        assert child.sign_update(session, E) == [0]
        assert child.sign_final(session, None) == [0, 64, None]
        signatures.add(child.sign_final(session)[2])
    assert len(signatures) == 1


def test_hidden_token(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    assert child.slot() in child.slots()[1]
    faults("* hide")
    assert child.slots() == [0, []]
    assert child.token_info(child.slot()) == [NOT_PRESENT]
    assert child.open(child.slot())[0] == NOT_PRESENT
    assert child.sign_init(session, E_GIVEN, private) == [DEVICE_REMOVED]
    faults()
    assert child.slot() in child.slots()[1]
    assert sign(child, session, private)[0] == 0


def test_hidden_slots_only(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_GetSlotList hide")
    assert child.slots() == [0, []]
    assert sign(child, session, private)[0] == 0


def test_limit_of_sessions(child: Any, key: tuple[int, int], faults: Any) -> None:
    faults("C_OpenSession limit 3")
    opened = [child.open(child.slot()) for _ in range(4)]
    assert [rv for rv, _ in opened] == [0, 0, 0xB1, 0xB1], "one was open before"
    assert child.call("C_CloseSession", opened[0][1]) == [0]
    assert child.open(child.slot())[0] == 0
    assert child.open(child.slot())[0] == 0xB1
    assert child.call("C_CloseAllSessions", child.slot()) == [0]
    assert child.open(child.slot())[0] == 0


def test_flags_of_the_pin(child: Any, key: tuple[int, int], faults: Any) -> None:
    _, _, plain = child.token_serial_and_flags(child.slot())
    faults("C_GetTokenInfo flags 0x20000", "C_GetTokenInfo flags 0x40000")
    rv, _, flags = child.token_serial_and_flags(child.slot())
    assert (rv, flags) == (0, plain | 0x60000)
    faults()
    assert child.token_serial_and_flags(child.slot())[2] == plain


def test_another_serial(child: Any, key: tuple[int, int], faults: Any) -> None:
    own = child.token_serial_and_flags(child.slot())[1]
    faults("C_GetTokenInfo serial 0123")
    assert child.token_serial_and_flags(child.slot())[1] == "0123" + " " * 12
    faults("C_GetTokenInfo serial 0123456789ABCDEF")
    assert child.token_serial_and_flags(child.slot())[1] == "0123456789ABCDEF"
    faults()
    assert child.token_serial_and_flags(child.slot())[1] == own


def test_another_slot(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    here = child.slot()
    serial = child.token_serial_and_flags(here)[1]
    faults("* slot 7")
    assert here not in child.slots()[1]
    assert here + 7 in child.slots()[1]
    assert child.token_serial_and_flags(here + 7)[:2] == [0, serial]
    assert child.token_info(here) == [SLOT_ID_INVALID]
    assert child.open(here)[0] == SLOT_ID_INVALID
    assert child.session_slot(child.open(here + 7)[1]) == [0, here + 7]
    assert child.mechanism_info(here + 7, E_GIVEN)[0] == 0
    assert sign(child, session, private)[0] == 0, "an open session stays open"
    faults()
    assert child.token_serial_and_flags(here)[:2] == [0, serial]


def test_leak(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    sign(child, session, private)
    before = child.resident_kib()[1]
    faults("C_Sign leak 4194304 times=4")
    assert child.sign_many(session, E_GIVEN, private, E, 6) == [0]
    assert 16_000 < child.resident_kib()[1] - before < 24_000


def test_text_on_stderr(child: Any, key: tuple[int, int], faults: Any) -> None:
    session, private = key
    faults("C_Sign stderr the vendor's   library says after=all twice times=2")
    for _ in range(3):
        assert sign(child, session, private)[0] == 0
    assert child.end() == (0, "the vendor's library says after=all twice\n" * 2)


@pytest.mark.parametrize("action", ["helper", "daemon"])
def test_a_process_beside_it(child: Any, key: tuple[int, int], faults: Any, action: str) -> None:
    session, private = key
    faults(f"C_Sign {action} 60 times=1")
    for _ in range(2):
        assert sign(child, session, private)[0] == 0
    (pid,) = (process.pid for process in descendants(child.pid))
    try:
        assert (os.getpgid(pid) == pid) is (action == "daemon")
        assert os.getsid(pid) == (pid if action == "daemon" else os.getsid(0))
    finally:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("C_Sign", "expected FUNCTION ACTION"),
        ("C_Sing error 0x30", "neither a C_ function nor *"),
        ("C_Sign explode", "no such action"),
        ("C_Sign error", "argument"),
        ("C_Sign error 0x30 0x31", "argument"),
        ("C_Sign error -1", "argument"),
        ("C_Sign hang 3", "argument"),
        ("C_Sign error 0x30 times=0", "times= at least 1"),
        ("C_Sign error 0x30 after=x", "take a number"),
        ("C_Login flip", "does not apply"),
        ("C_Login null", "does not apply"),
        ("* limit 3", "does not apply"),
        ("C_Login hide", "does not apply"),
        ("C_Login flags 0x20000", "does not apply"),
        ("C_GetSlotInfo serial 1", "does not apply"),
        ("C_GetTokenInfo serial 0123456789ABCDEF0", "does not apply"),
        ("C_GetSlotList slot 7", "does not apply"),
    ],
)
def test_mistake_in_a_rule_fails_every_call(
    child: Any, key: tuple[int, int], faults: Any, rule: str, problem: str
) -> None:
    session, private = key
    faults("# a mistake", rule)
    assert child.sign_init(session, E_GIVEN, private) == [FUNCTION_FAILED]
    assert child.digest_init(session, 0x250) == [FUNCTION_FAILED]
    faults()
    assert child.sign_init(session, E_GIVEN, private) == [0]
    _, errors = child.end()
    assert "faults, line 2: " in errors
    assert problem in errors
    assert errors.count("\n") == 1, "said once for each change of the file"


def test_calls_are_logged_without_arguments(
    child: Any, token: ProvisionedToken, key: tuple[int, int], tmp_path: Path
) -> None:
    session, private = key
    sign(child, session, private)
    child.sign_init(session, E_GIVEN, private)
    child.sign(session, E, None)
    log = tmp_path / "calls"
    calls = log.read_text().splitlines()
    assert calls.count("C_Login") == 1
    assert calls[0] == "C_Initialize"
    assert calls[-3:] == ["C_SignInit", "C_Sign", "C_SignInit"]
    assert token.user_pin_file.read_text() not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_in_front_of_softhsm_alone(
    token: ProvisionedToken, child_of: Callable[..., Any], faults: Any
) -> None:
    softhsm = token.environment["SIGNETD_SM2_MODULE"]
    own = {"SIGNETD_FAULT_MODULE": softhsm}
    child = child_of(replace(token, environment=token.environment | own))
    session = child.start_session()
    curve, for_signing = [(0x180, "06082a8648ce3d030107")], [(0x108, "01")]
    rv, _, private = child.generate(session, 0x1040, curve, for_signing)
    assert rv == 0
    faults("C_Sign error 0x31 times=1")
    assert sign(child, session, private, 0x1041)[0] == 0x31


def test_missing_module_is_named(token: ProvisionedToken, child_of: Callable[..., Any]) -> None:
    own = {"SIGNETD_FAULT_MODULE": "/nonexistent.so"}
    child = child_of(replace(token, environment=token.environment | own))
    assert child.loaded == 0x5
    assert "SIGNETD_FAULT_MODULE" in child.end()[1]


def test_refused_logins_are_logged_as_the_token_counted_them(
    child: Any, token: ProvisionedToken, faults: Any, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.pin"
    wrong.write_text("not the pin")
    assert child.initialize() == [0]
    _, session = child.open(child.slot())
    assert child.login(session, str(wrong)) == [0xA0]
    faults("C_Login error-after 0x5")
    assert child.login(session, str(wrong)) == [0x5], "the token counted, and said something else"
    faults("C_Login error 0x5")
    assert child.login(session, str(wrong)) == [0x5], "the token was not asked"
    faults()
    assert child.login(session, str(token.user_pin_file)) == [0]
    calls = (tmp_path / "calls").read_text().split()
    assert (calls.count("C_Login"), calls.count("C_Login=0xA0")) == (4, 2)
    assert "not the pin" not in (tmp_path / "calls").read_text()
