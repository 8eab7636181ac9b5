"""A TPM 2.0 behind tpm2-pkcs11: the software TPM swtpm, and a resource manager as systems have it.

Without a resource manager a TPM serves one process, and keeps what that leaves behind.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from signetd.drivers.types import Algorithm, KeyType, Pin, TokenSettings
from signetd.softhsm import random_pin
from tests.contract import packages, pooled
from tests.contract.subject import Feature, Lacks, Spot, Subject
from tests.contract.tokens import processes
from tests.integration.doctor.examined import Done, Examined

LABEL = "签章 TPM"
_SERIAL = "0" * 16  # that of every token of tpm2-pkcs11
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""
_LACKS = Lacks(
    # No PSS: out of FIPS mode a TPM's salt is longer than the hash, so it is not offered.
    key_types=frozenset({KeyType.SM2, KeyType.ED25519, KeyType.EC_P521, KeyType.RSA_4096}),
    algorithms=frozenset(
        {
            *(Algorithm.SM2_SM3, Algorithm.ED25519, Algorithm.ECDSA_P521_SHA512),
            *(Algorithm.RSA_PSS_SHA256, Algorithm.RSA_PSS_SHA384, Algorithm.RSA_PSS_SHA512),
        }
    ),
    features=frozenset(
        {
            Feature.CLEAR_LOGIN_ERRORS,
            Feature.UNPROTECTED_KEYS,
            Feature.SEES_OTHERS,
            Feature.SEVERAL_WORKERS,
        }
    ),
    unstaged={Spot.TWIN: "tpm2-pkcs11 refuses a second token of the same label"},
)


@contextmanager
def tpm(folder: Path) -> Iterator[Subject]:
    """A TPM, initialised; it ends when its program does."""
    module = packages.need("libtpm2_pkcs11.so.1")
    with TemporaryDirectory(prefix="tpm-") as name:  # a socket's path is short
        here = Path(name)
        with _swtpm(here) as tpm_process, _manager(here):
            environment = module.environment | {
                "TPM2_PKCS11_STORE": str(folder),
                "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session",
                "DBUS_SESSION_BUS_ADDRESS": f"unix:path={here / 'bus'}",
                "TSS2_LOG": "all+NONE",
            }
            pins: list[Path] = []
            for file in (folder / "user.pin", folder / "so.pin"):
                file.write_text(random_pin())
                file.chmod(0o600)
                pins.append(file)
            token = Examined(module.path, environment, pins[0], pins[1])
            done: list[Done] = []
            processes.until(
                lambda: _init(token, "1", done), "no token", tpm_process, here / "swtpm.log"
            )
            yield _subject(token, tpm_process.kill)


def _subject(token: Examined, remove: Callable[[], None]) -> Subject:
    return pooled.subject(
        name="tpm2",
        settings=TokenSettings(
            module=str(token.module),
            label=LABEL,
            serial=_SERIAL,
            profile="tpm2-pkcs11",
            environment=token.environment,
        ),
        pin=Pin(token.user_pin_file.read_text()),
        lacks=_LACKS,
        remove=remove,
    )


def _init(token: Examined, slot: str, done: list[Done]) -> bool:
    pins = ("--so-pin-file", str(token.so_pin_file), "--user-pin-file", str(token.user_pin_file))
    done.append(token.run("init", "--slot", slot, "--new-label", LABEL, *pins))
    return done[-1].returncode == 0


@contextmanager
def _swtpm(folder: Path) -> Iterator[processes.Process]:
    program = packages.need("swtpm")
    (folder / "state").mkdir()
    socket, log = folder / "tpm", folder / "swtpm.log"
    arguments = [
        *("socket", "--tpm2", "--tpmstate", f"dir={folder / 'state'}"),
        *("--server", f"type=unixio,path={socket}"),
        *("--ctrl", f"type=unixio,path={socket}.ctrl"),
        *("--flags", "not-need-init,startup-clear"),
    ]
    command = [str(program.path), *arguments]
    with processes.running(*command, log=log, environment=program.environment) as process:
        processes.await_file(socket, process, log)
        yield process


@contextmanager
def _manager(folder: Path) -> Iterator[None]:
    daemon, program = packages.need("dbus-daemon"), packages.get("tpm2-abrmd")
    configuration, bus = folder / "bus.conf", folder / "bus"
    configuration.write_text(_BUS.format(socket=bus))
    command = [str(daemon.path), f"--config-file={configuration}", "--nofork", "--nopidfile"]
    log = folder / "bus.log"
    with processes.running(*command, log=log, environment=daemon.environment) as process:
        processes.await_file(bus, process, log)
        arguments = [
            "--session",
            "--allow-root",
            "--max-transients=3",
            f"--tcti=swtpm:path={folder / 'tpm'}",
        ]
        environment = program.environment | {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"}
        command = [str(program.path), *arguments]
        with processes.running(*command, log=folder / "abrmd.log", environment=environment):
            yield
