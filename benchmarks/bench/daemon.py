"""signetd as it is measured: as configured by default, with its audit, on a socket and over mTLS.

Every signature is written into the audit. Of each algorithm there are two keys: what one signs is
verified by the worker before it is given out, as is the default; for the other its policy says not.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import grpc

from benchmarks.bench.algorithms import Algorithm
from benchmarks.bench.generator import Address
from benchmarks.bench.usage import Memory, Usage, memory, usage, workers_of
from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import access_service_pb2_grpc as stubs
from signetd.client import KeyPolicyItem, SignetdError
from signetd.daemon.dev.certificates import CLIENT_URI, ensure_certificates
from signetd.softhsm import ProvisionedToken, provision
from tests.access import establish
from tests.integration.daemon.running import Running

TOKEN: Final = "t"
_STOP_SECONDS: Final = 30.0
_CALL_SECONDS: Final = 20.0
_CONFIGURATION = """
[daemon]
state_directory = "state"
drain_timeout = 5.0

[[listener]]
unix = "socket"
identity = "all"

[[listener]]
tcp = "127.0.0.1:{port}"
certificate = "tls/server/server.pem"
private_key = "tls/server/server.key"
client_ca = "tls/client/ca.pem"

[access]
first_security_admin = "all"

[[token]]
name = "{token}"
module = "{module}"
label = "test"
profile = "softhsm-sm2"
pin_file = "token/user.pin"
workers = {workers}

[token.environment]
{environment}
"""


class Signetd(Running):
    """A daemon in a process of its own, in *folder*; ``fault``: its token breaks on command."""

    def __init__(
        self,
        folder: Path,
        workers: int,
        *,
        fault: bool = False,
        program: str = "signetd.daemon",
        variables: dict[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        folder.mkdir()
        self.workers = workers
        self.program = program
        self._variables = variables or {}
        self._port = _free_port()
        made = provision(folder / "token", "test", module="fault" if fault else "sm2", install=True)
        (folder / "tls").mkdir()
        ensure_certificates(folder / "tls")
        (folder / "signetd.toml").write_text(self._configuration(made))

    def launch(self) -> None:
        """Start it, wait until it is ready, and let its clients sign with every key."""
        if self._log.exists():
            self.take_failed_items()  # nor is it taken to be ready by what it wrote before
        self.spawn()
        self.await_log('"event": "ready"')
        if not self._established:
            establish(self.endpoint, "all")
            _admit_certificate(self.endpoint)
            self._established = True

    def spawn(self) -> None:
        """Start it, and wait for nothing; its log goes on where it was."""
        command = [sys.executable, "-m", self.program]
        with self._log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.folder / "signetd.toml")],
                stderr=errors,
                start_new_session=True,
            )

    def make_keys(
        self, algorithms: Sequence[Algorithm], verification: Sequence[bool] = (True,)
    ) -> None:
        """Make keys for each algorithm: whose signatures are verified, or are not."""
        with self.client() as client:
            for each in algorithms:
                for verified in verification:
                    name = each.key_name(verified=verified)
                    client.generate_key(
                        name, token=TOKEN, key_type=each.key_type, algorithm=each.algorithm
                    )
                    if not verified:
                        client.set_key_policy(name, KeyPolicyItem(skip_verification=True))

    def address(self, transport: str) -> Address:
        """Where it listens: ``unix`` or ``mtls``."""
        if transport == "unix":
            return Address(self.endpoint)
        return Address(f"localhost:{self._port}", self.folder / "tls" / "client")

    def usage(self) -> Usage:
        """Processor time so far."""
        return usage(self.pid, workers_of(self.pid))

    def memory(self) -> Memory:
        """Resident memory now."""
        return memory(self.pid)

    @property
    def pid(self) -> int:
        """PID of the daemon."""
        if self.process is None:
            raise RuntimeError("the daemon was never started")
        return self.process.pid

    def stop(self) -> None:
        """End it as systemd does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.wait(_STOP_SECONDS)

    def take_failed_items(self) -> int:
        """Return how many items of batches have failed since the last time; empties the log.

        A generator does not look into replies; the daemon's log tells.
        """
        failed = failed_items(self.log)
        with self._log.open("r+b") as log:
            log.truncate(0)
        return failed

    def _configuration(self, made: ProvisionedToken) -> str:
        variables = made.environment | self._variables
        return _CONFIGURATION.format(
            port=self._port,
            token=TOKEN,
            module=made.module,
            workers=self.workers,
            environment="\n".join(f'{name} = "{value}"' for name, value in variables.items()),
        )


def check_signature(daemon: Signetd, algorithm: Algorithm, *, verified: bool = True) -> None:
    """Have a daemon sign what the loads ask for, and verify it. Raises SignetdError."""
    item = algorithm.item(algorithm.key_name(verified=verified))
    with daemon.client() as client:
        many = client.sign_many([item, item])
        for answer in (client.sign(item), *client.batch_sign([item, item]), *many):
            if isinstance(answer, SignetdError):
                raise answer
            client.verify(item, answer.signature)


def failed_items(log: str) -> int:
    """Count the failed items of batches in a daemon's log."""
    lines = (line for line in log.splitlines() if '"failed"' in line)
    return sum(json.loads(line).get("failed", 0) for line in lines)


def _admit_certificate(endpoint: str) -> None:
    """Let the holder of the client certificate sign with every key."""
    identity = access.Identity(
        name=CLIENT_URI, roles=[access.ROLE_SIGNER], credential=access.CREDENTIAL_URI
    )
    grant = access.Grant(subject=CLIENT_URI, keys="keys/*", operations=[access.OPERATION_SIGN])
    with grpc.insecure_channel(endpoint) as channel:
        service = stubs.AccessServiceStub(channel)
        request = access.CreateIdentityRequest(identity=identity)
        service.CreateIdentity(request, timeout=_CALL_SECONDS)
        service.CreateGrant(access.CreateGrantRequest(grant=grant), timeout=_CALL_SECONDS)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
