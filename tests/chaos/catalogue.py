"""The catalogue of fault classes."""

import signal
from random import Random
from typing import Final

from tests.chaos.faults import Fault, rules, then_kill
from tests.chaos.target import Target

CKR: Final = {
    "HOST_MEMORY": 0x2,
    "GENERAL_ERROR": 0x5,
    "FUNCTION_FAILED": 0x6,
    "DEVICE_ERROR": 0x30,
    "DEVICE_MEMORY": 0x31,
    "DEVICE_REMOVED": 0x32,
    "KEY_HANDLE_INVALID": 0x60,
    "OBJECT_HANDLE_INVALID": 0x82,
    "OPERATION_ACTIVE": 0x90,
    "SESSION_CLOSED": 0xB0,
    "SESSION_COUNT": 0xB1,
    "SESSION_HANDLE_INVALID": 0xB3,
    "TOKEN_NOT_PRESENT": 0xE0,
    "USER_NOT_LOGGED_IN": 0x101,
    "CRYPTOKI_NOT_INITIALIZED": 0x190,
    "VENDOR_DEFINED": 0x80001234,
}

# What the driver calls to sign, and what it calls before it can. C_Login is a class of its own.
_SIGNING: Final = ("C_SignInit", "C_Sign")
_OPENING: Final = (
    *("C_Initialize", "C_GetInfo", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo"),
    *("C_GetMechanismList", "C_OpenSession", "C_FindObjectsInit", "C_FindObjects"),
    "C_GetAttributeValue",
)
_OPENING_LIMIT: Final = 75.0  # a token that takes a minute to open is none that hangs
# A PIN may have been refused behind these: no daemon may send it again after them.
_HIDING: Final = (0x5, 0x6, 0x30, 0x80001234)


def catalogue() -> list[Fault]:
    """All classes."""
    return [*_errors(), *_opening(), *_signing(), *_processes(), *_whole_token(), *_pins()]


def _errors() -> list[Fault]:
    """An error at each signature until it is cleared, on all workers."""
    return [_failing(f"CKR_{name}", number) for name, number in CKR.items()]


def _failing(name: str, number: int) -> Fault:
    return Fault(
        name, lambda t, r: rules(t, f"{r.choice(_SIGNING)} error {number:#x}"), hold=(0.2, 1.0)
    )


def _opening() -> list[Fault]:
    def any_error(target: Target, random: Random) -> str:
        function, number = random.choice(_OPENING), random.choice(list(CKR.values()))
        return then_kill(target, random, f"{function} error {number:#x}")

    def login_error(target: Target, random: Random) -> str:
        number = random.choice([n for n in CKR.values() if n not in _HIDING])
        return then_kill(target, random, f"C_Login error {number:#x}")

    def hidden_refusal(target: Target, random: Random) -> str:
        return then_kill(target, random, f"C_Login error {random.choice(_HIDING):#x}")

    return [
        Fault("error while a worker opens", any_error),
        Fault("error at a worker's login", login_error),
        Fault("login fails as if the PIN were wrong", hidden_refusal, operator=True),
        Fault("no session left", lambda t, r: then_kill(t, r, "C_OpenSession limit 0")),
        Fault("crash at load", lambda t, r: then_kill(t, r, "C_Initialize crash")),
        Fault(
            "hang at load", lambda t, r: then_kill(t, r, "C_Initialize hang"), limit=_OPENING_LIMIT
        ),
    ]


def _signing() -> list[Fault]:
    def slow(target: Target, random: Random) -> str:
        return rules(target, f"C_Sign delay {random.randint(100, 600)}")

    def hang(target: Target, random: Random) -> str:
        return rules(target, f"{random.choice(_SIGNING)} hang")

    def noise(target: Target, random: Random) -> str:
        return rules(target, f"{random.choice(_SIGNING)} stderr the vendor's library babbles")

    return [
        Fault("delay", slow),
        Fault("hang", hang, hold=(1.2, 2.5)),
        Fault("abort", lambda t, r: rules(t, "C_Sign crash")),
        Fault("segmentation fault", lambda t, r: rules(t, "C_SignInit segv")),
        Fault("exit", lambda t, r: rules(t, "C_Sign exit 0")),
        Fault("flipped bit", lambda t, r: rules(t, "C_Sign flip times=1"), operator=True),
        Fault("leak", lambda t, r: rules(t, "C_Sign leak 262144")),
        Fault("noise on stderr", noise),
    ]


def _processes() -> list[Fault]:
    def kill(target: Target, random: Random) -> str:
        return f"killed {target.signal_worker(signal.SIGKILL, random)}"

    def kill_all(target: Target, random: Random) -> str:
        target.signal_all_workers(signal.SIGKILL)
        return "killed all workers"

    def stop(target: Target, random: Random) -> str:
        return f"stopped {target.signal_worker(signal.SIGSTOP, random)}"

    def go_on(target: Target) -> None:
        target.signal_all_workers(signal.SIGCONT)

    return [
        Fault("kill -9 of a worker", kill, hold=(0, 0)),
        Fault("kill -9 of all workers", kill_all, hold=(0, 0)),
        Fault("SIGSTOP of a worker", stop, go_on, hold=(1.5, 2.5)),
    ]


def _whole_token() -> list[Fault]:
    def restart_of_module(target: Target, random: Random) -> str:
        functions = ("C_GetTokenInfo", "C_OpenSession", "C_FindObjectsInit", *_SIGNING)
        return rules(target, *(f"{name} error {0x190:#x}" for name in functions))

    def take_away(target: Target, random: Random) -> str:
        target.token_folder(there=False)
        return "SoftHSM's folder moved away"

    def other_slot(target: Target, random: Random) -> str:
        target.move(random.randint(1, 99))
        return rules(target, "* hide")

    return [
        Fault("removal", lambda t, r: rules(t, "* hide"), hold=(0.5, 3.0)),
        Fault("removal, back in another slot", other_slot, hold=(0.5, 3.0)),
        Fault("handles die (module restarted)", restart_of_module),
        Fault("token deleted, restored", take_away, _put_back, hold=(0.5, 2.0)),
    ]


def _put_back(target: Target) -> None:
    target.token_folder(there=True)


def _pins() -> list[Fault]:
    def unlock_with_wrong_pin(target: Target, random: Random) -> str:
        target.lock()
        target.refused_unlock(_wrong_pin(random))
        target.signal_worker(signal.SIGKILL, random)
        return "locked, unlocked with a wrong PIN, killed a worker"

    def unlock_with_hidden_refusal(target: Target, random: Random) -> str:
        target.faults(f"C_Login error-after {random.choice(_HIDING):#x}")
        return unlock_with_wrong_pin(target, random) + ", the refusal hidden behind another error"

    def restart_with_wrong_file(target: Target, random: Random) -> str:
        target.write_pin_file(_wrong_pin(random))
        target.restart()
        target.restart()
        target.signal_worker(signal.SIGKILL, random)
        return "wrong PIN file, restarted twice, killed a worker"

    return [
        Fault(
            *("wrong PIN from an administrator", unlock_with_wrong_pin),
            hold=(0.5, 1.0),
            operator=True,
            wrong_pins=1,
        ),
        Fault(
            *("wrong PIN, hidden behind another error", unlock_with_hidden_refusal),
            hold=(0.5, 1.0),
            operator=True,
            wrong_pins=1,
        ),
        Fault(
            *("wrong PIN file, restarts", restart_with_wrong_file),
            clear=lambda target: target.write_pin_file(target.pin),
            hold=(0.5, 1.0),
            operator=True,
            wrong_pins=1,
        ),
    ]


def _wrong_pin(random: Random) -> str:
    return f"wrong-{random.randrange(10**6):06}"
