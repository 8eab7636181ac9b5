"""A daemon in a process of its own, on a token that breaks on command."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from signetd.client import Client, Endpoint
from signetd.softhsm import provision, set_faults
from tests.access import establish

_CONFIGURATION = """
[daemon]
state_directory = "state"
drain_timeout = {drain}
{database}

[[listener]]
unix = "socket"
identity = "all"
mode = "0660"
{listener}

[limits]
{limits}

[[listener]]
unix = "system"
identity = "system"

[access]
first_security_admin = "all"
{access}

[seals]
{seals}

[[token]]
name = "t"
module = "{module}"
label = "test"
profile = "softhsm-sm2"
pin_file = "token/user.pin"
{token}

[token.environment]
{environment}
"""


class Running:
    """A daemon, its token's faults, and what its module was called with."""

    program = "signetd.daemon"
    """The module that is run as the daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self.file = folder / "signetd.toml"
        self._log = folder / "log"
        self._calls = folder / "calls"
        self._signers: tuple[str, ...] = ()
        self._established = False
        self.process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        *,
        drain: float = 10.0,
        database: str = "",
        listener: str = "",
        token: str = "",
        limits: str = "",
        access: str = "",
        seals: str = "",
        signers: tuple[str, ...] = (),
    ) -> None:
        """Write the configuration, start the daemon and wait until it is ready.

        *signers* are the identities of further sockets that *listener* describes.
        """
        self._signers = signers
        made = provision(self.folder / "token", "test", module="fault", install=True)
        variables = made.environment | {"SIGNETD_FAULT_LOG": str(self._calls)}
        self.file.write_text(
            _CONFIGURATION.format(
                drain=drain,
                database=database,
                listener=listener,
                token=token,
                limits=limits,
                access=access,
                seals=seals,
                module=made.module,
                environment="\n".join(f'{name} = "{value}"' for name, value in variables.items()),
            )
        )
        self.spawn()
        self.await_log('"event": "ready"')
        if not self._established:
            establish(self.endpoint, "all", system="system", signers=self._signers)
            self._established = True

    def spawn(self) -> None:
        """Start the daemon with the configuration that is there, and wait for nothing."""
        command = [sys.executable, "-m", self.program, "--config", str(self.file)]
        with self._log.open("wb") as errors:
            # In a session of its own: Ctrl-C is for the test, which then ends the daemon.
            self.process = subprocess.Popen(command, stderr=errors, start_new_session=True)

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"unix:{self.socket}"

    @property
    def system_endpoint(self) -> str:
        """Where it listens for those who manage tokens."""
        return f"unix:{self.folder / 'system'}"

    def client(self, *, share_streams: bool = True) -> Client:
        """Connect as one who manages keys, and may sign with every key."""
        return Client(Endpoint(self.endpoint), share_streams=share_streams)

    def system(self) -> Client:
        """Connect as one who manages tokens."""
        return Client(Endpoint(self.system_endpoint))

    def faults(self, *rules: str) -> None:
        """Have the token fail from its next call on."""
        set_faults(self.folder / "token" / "faults", *rules)

    def count(self, function: str) -> int:
        """How many times the module's function was called, by all workers."""
        return self._calls.read_text().split().count(function)

    def await_calls(self, function: str, number: int) -> None:
        """Wait until the module's function was called so many times."""
        _wait(lambda: self.count(function) >= number, f"{number} calls of {function}")

    def await_log(self, text: str) -> None:
        """Wait until the daemon has logged something."""
        _wait(lambda: text in self.log, f"{text} in the log:\n{self.log}")

    @property
    def log(self) -> str:
        """What the daemon wrote to its standard error."""
        return self._log.read_text()

    def signal(self, number: int) -> None:
        """Send the daemon a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait for the daemon's end; return its exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End whatever is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)


def _wait(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)
