"""The daemon under test: its keys, its workers, its restarts, and what an operator would do."""

import os
import signal
import time
from pathlib import Path
from random import Random
from typing import Final

from signetd.api.v1 import resources_pb2 as resources
from signetd.client import Client, Endpoint, SignetdError
from tests.chaos import processes
from tests.integration.daemon.running import Running

TOKEN: Final = "t"
REQUEST_TIMEOUT: Final = 1.0
RECONNECT: Final = 0.5  # seconds until all clients have connected again
_STOP_SECONDS: Final = 20.0

# Key name: its type, and the algorithm that is asked for.
KEYS: Final = {
    "sm2": ("SM2", "SM2_SM3"),
    "rsa": ("RSA_2048", "RSA_PKCS1_SHA256"),
    "p256": ("EC_P256", "ECDSA_P256_SHA256"),
    "ed25519": ("ED25519", "ED25519"),
}


class Target(Running):
    """A daemon on a token that breaks on command, with a key of each kind."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 3,
        token: str = "",
        listener: str = "",
        signers: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder)
        self.workers_wanted = workers
        self._token = f"workers = {workers}\nrequest_timeout = {REQUEST_TIMEOUT}\n{token}"
        self._listener = listener
        self._others = signers
        self._pin_file = folder / "token" / "user.pin"
        self._standing: tuple[str, ...] = ()
        self.down: list[tuple[float, float]] = []  # when we had the daemon stopped
        self.pids: list[int] = []  # of all daemons that were started

    def launch(self) -> None:
        """Start the daemon and have it log in."""
        self.start(drain=2.0, token=self._token, listener=self._listener, signers=self._others)
        self.pids.append(self.pid)

    def faults(self, *rules: str) -> None:
        """Have the token fail from its next call on, in the slot that it is in."""
        super().faults(*rules, *self._standing)

    def move(self, slots: int) -> None:
        """The token will show up so many slots further on, from the next ``faults`` on."""
        self._standing = (f"* slot {slots}",)

    def make_keys(self) -> dict[str, bytes]:
        """Make a key of each kind; return the public keys as SubjectPublicKeyInfo."""
        with self.client() as client:
            for name, (kind, algorithm) in KEYS.items():
                client.generate_key(name, token=TOKEN, key_type=kind, algorithm=algorithm)
            return {name: client.get_public_key(name).spki for name in KEYS}

    def restart(self) -> None:
        """Stop the daemon as systemd does, and start it again."""
        began = time.monotonic()
        self.stop()
        self.launch()
        self.down.append((began, time.monotonic()))

    def stop(self) -> None:
        """Stop the daemon; what it leaves behind is for ``orphans``."""
        self.signal(signal.SIGTERM)
        self.wait(_STOP_SECONDS)

    def was_down(self, began: float, ended: float) -> bool:
        """Whether a request met a daemon that we had stopped, or a client that had not seen yet
        that it is there again.
        """
        return any(start <= ended and began <= end + RECONNECT for start, end in self.down)

    @property
    def pid(self) -> int:
        """PID of the daemon."""
        assert self.process is not None, "the daemon was never started"
        return self.process.pid

    @property
    def ended(self) -> bool:
        """Whether the daemon has ended, which nobody but we may make it do."""
        return self.process is None or self.process.poll() is not None

    def status(self) -> resources.Token:
        """The token as the daemon sees it."""
        with self.client() as client:
            return client.get_token(TOKEN)

    def client(self, *, share_streams: bool = True) -> Client:
        """Connect for administration, which may be tried again."""
        endpoint = Endpoint(f"unix:{self.socket}")
        return Client(endpoint, timeout=10.0, share_streams=share_streams)

    def lock(self) -> None:
        """Log out, as an administrator does."""
        with self.system() as client:
            client.lock_token(TOKEN)

    def unlock(self) -> None:
        """Present the right PIN, as an administrator does. Raises SignetdError."""
        with self.system() as client:
            client.unlock_token(TOKEN, self.pin)

    def refused_unlock(self, pin: str) -> None:
        """Present a wrong PIN, as an administrator who mistypes it does."""
        with self.system() as client:
            try:
                client.unlock_token(TOKEN, pin)
            except SignetdError:
                return
        raise AssertionError("a wrong PIN was accepted")

    def operate(self) -> list[str]:
        """Do what the token's and the keys' states ask of an operator; return what was done.

        Raises SignetdError when it does not work.
        """
        done = []
        with self.system() as client:
            token = client.get_token(TOKEN)
            # While another worker is still logged in, the reason asks for it.
            if token.state == resources.TOKEN_STATE_LOCKED or "PIN" in token.state_reason:
                client.unlock_token(TOKEN, self.pin)
                done.append("unlocked the token")
            for key in client.list_keys():
                if key.state != resources.KEY_STATE_ENABLED:
                    client.enable_key(key.name)
                    done.append(f"enabled {key.name}")
        return done

    def worker_pids(self) -> list[int]:
        """PIDs of the workers, the oldest first."""
        return [process.pid for process in processes.workers(self.pid)]

    def signal_worker(self, number: signal.Signals, random: Random) -> int:
        """Send a signal to any one worker; return its PID, or 0 when none runs."""
        pids = self.worker_pids()
        if not pids:
            return 0
        pid = random.choice(pids)
        send(pid, number)
        return pid

    def signal_all_workers(self, number: signal.Signals) -> None:
        """Send a signal to each worker."""
        for pid in self.worker_pids():
            send(pid, number)

    def refused_logins(self) -> int:
        """How many times the token itself refused a PIN."""
        return sum(call.startswith("C_Login=0xA") for call in self._calls_since(0))

    def await_call(self, function: str, since: int, seconds: float) -> bool:
        """Wait until a function is called after there were so many bytes of calls; False if not."""
        end = time.monotonic() + seconds
        while function not in self._calls_since(since):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    @property
    def bytes_of_calls(self) -> int:
        """How long the log of the module's calls is now."""
        return (self.folder / "calls").stat().st_size

    def _calls_since(self, offset: int) -> list[str]:
        with (self.folder / "calls").open() as file:
            file.seek(offset)
            return file.read().split()

    @property
    def pin(self) -> str:
        """The user PIN that the token accepts."""
        return self._right_pin_file.read_text()

    @property
    def _right_pin_file(self) -> Path:
        kept = self.folder / "right.pin"
        return kept if kept.exists() else self._pin_file

    def write_pin_file(self, pin: str) -> None:
        """Replace the PIN file as an administrator would; the right PIN is kept elsewhere."""
        right = self.folder / "right.pin"
        if not right.exists():
            _write_private(right, self._pin_file.read_text())
        _write_private(self._pin_file, pin)

    def token_folder(self, *, there: bool) -> None:
        """Take SoftHSM's own folder of the token away, or put it back."""
        here, away = self.folder / "token" / "tokens", self.folder / "token" / "tokens.away"
        if there and away.exists():
            for entry in away.iterdir():
                entry.rename(here / entry.name)
        elif not there:
            away.mkdir(exist_ok=True)
            for entry in here.iterdir():
                entry.rename(away / entry.name)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _write_private(file: Path, text: str) -> None:
    """Write beside the file and move it there: nobody reads half a PIN."""
    made = file.with_suffix(".new")
    made.touch(mode=0o600)
    made.write_text(text)
    made.replace(file)
