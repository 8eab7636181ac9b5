"""A place to enrol a token in: a fresh SoftHSM folder, CAs beside it, and the commands."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from signetd.softhsm import build_module, find_softhsm
from tests.e2e.conftest import BIN
from tests.pki_ca import OpensslCa

SECONDS: Final = 100
ID: Final = "distid:1234567812345678"
OPENSSL: Final = {
    "sm2": ["-digest", "sm3", "-pkeyopt", ID],
    "rsa": ["-digest", "sha256"],
    "p256": ["-digest", "sha256"],
}
_PEOPLE: Final = {
    "security": ["--security-admin", "security"],
    "system": ["--system-admin", "system"],
    "auditor": ["--auditor", "auditor"],
}
_CONFIGURATION: Final = """
[daemon]
state_directory = "state"

[audit]
key = "audit"
{listeners}
"""
_LISTENER: Final = """
[[listener]]
unix = "{name}.sock"
identity = "{name}"
"""

Done = subprocess.CompletedProcess[str]


class Enrolling:
    """Runs commands as those do who bring a token into service; files are in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.module = build_module("sm2", install=True)
        self.environment = {
            "SOFTHSM2_CONF": str(folder / "softhsm2.conf"),
            "SIGNETD_SM2_MODULE": str(_softhsm()),
        }
        (folder / "tokens").mkdir(mode=0o700)
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
        for name in ("so", "user"):
            self.pin_file(name, f"{name}-pin-of-the-test")
        self._daemon: subprocess.Popen[bytes] | None = None

    def pin_file(self, name: str, pin: str) -> str:
        """Write a PIN for its owner alone; return the file's name."""
        file = self.folder / f"{name}.pin"
        file.write_text(f"{pin}\n")
        file.chmod(0o600)
        return file.name

    def run(self, *command: str, refused: str = "", **how: Any) -> Done:
        """Run a command, which must be done; or be refused with these words."""
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            **how,
        )
        assert "-pin-of-the-test" not in done.stdout + done.stderr
        assert (done.returncode != 0) is bool(refused), f"{command}: {done.stdout}{done.stderr}"
        assert refused in done.stderr, done.stderr
        return done

    def ctl(self, *command: str, by: str = "security", refused: str = "") -> str:
        """Run signetctl as somebody; return what it prints."""
        endpoint = f"unix:{self.folder / by}.sock"
        return self.run("signetctl", "--endpoint", endpoint, *command, refused=refused).stdout

    def shown(self, *command: str, by: str = "security") -> Any:
        """Run signetctl as somebody; return what it prints as JSON."""
        return json.loads(self.ctl("--output", "json", *command, by=by))

    def token(self, command: str, *options: str, refused: str = "") -> Done:
        """Run ``signetctl token COMMAND`` on the module, without a daemon."""
        variables = [f"--env={name}={value}" for name, value in self.environment.items()]
        return self.run(
            "signetctl", "token", command, "--module", str(self.module), *variables, *options,
            refused=refused,
        )  # fmt: skip

    def initialise(self, label: str) -> None:
        """Initialise the blank token that there is, as the probe says."""
        report = json.loads(self.token("probe", "--json").stdout)
        (slot,) = (each["slot"] for each in report["slots"])
        assert f"signetctl token init --slot {slot}" in report["hints"][0]
        pins = ("--so-pin-file", "so.pin", "--user-pin-file", "user.pin")
        self.token("init", "--slot", str(slot), "--new-label", label, *pins)

    def start(self, tables: str) -> None:
        """Found a daemon with these tables of tokens, and start it."""
        names = [*_PEOPLE, "app"]
        listeners = "".join(_LISTENER.format(name=name) for name in names)
        text = _CONFIGURATION.format(listeners=listeners) + tables
        (self.folder / "signetd.toml").write_text(text)
        self.run("signetd", "check-config", "signetd.toml")
        people = [option for options in _PEOPLE.values() for option in options]
        self.run("signetd", "init", "--config", "signetd.toml", *people)
        with (self.folder / "log").open("wb") as log:
            self._daemon = subprocess.Popen(
                [str(BIN / "signetd"), "--config", "signetd.toml"],
                cwd=self.folder, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._await_ready(self._daemon)
        self.ctl("access", "identity", "add", "app", "--role", "signer", "--credential", "socket")
        grant = ("access", "grant", "add", "--to", "app", "--keys", "*")
        self.ctl(*grant, "--operation", "read", "--operation", "sign", "--operation", "verify")

    def _await_ready(self, daemon: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + SECONDS
        while '"event": "ready"' not in (log := (self.folder / "log").read_text()):
            assert daemon.poll() is None, log
            assert time.monotonic() < end, f"the daemon was not ready in time:\n{log}"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the daemon."""
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(SECONDS)

    def certify(self, key: str, ca: OpensslCa) -> bytes:
        """Have a certificate issued for a key, and import it with its chain; return it in PEM."""
        self.ctl("key", "csr", key, "--subject", "CN=合同专用章,O=示例,C=CN", "-o", f"{key}.csr")
        own = ca.issue((self.folder / f"{key}.csr").read_bytes())
        (self.folder / f"{key}.pem").write_bytes(ca.root + ca.intermediate + own)
        self.ctl("key", "import-certificate", key, f"{key}.pem")
        return own

    def sign(self, key: str, file: str) -> None:
        """Write a document and have it signed by the application."""
        (self.folder / file).write_text(f"{key} signs {file}\n")
        self.ctl("sign", file, "--key", key, by="app")

    def openssl_verifies(self, kind: str, file: str, certificate: bytes) -> None:
        """Have openssl verify the signature of a document by the key of a certificate."""
        (self.folder / "signer.pem").write_bytes(certificate)
        command = ["openssl", "pkeyutl", "-verify", "-certin", "-inkey", "signer.pem", "-rawin"]
        self.check(*command, *OPENSSL[kind], "-in", file, "-sigfile", f"{file}.sig")

    def check(self, *command: str) -> None:
        """Run a program that is not ours, which must be content."""
        done = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=SECONDS)
        assert done.returncode == 0, f"{command}: {done.stdout!r} {done.stderr!r}"


def _softhsm() -> Path:
    found = find_softhsm()
    assert found is not None, "SoftHSM is not there; run  python -m signetd.softhsm"
    return found.module
