"""Tokens for the tests of the C modules, and a process that makes PKCS#11 calls on them."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest

import signetd.softhsm.build
from signetd.softhsm import ProvisionedToken, provision

HERE = Path(__file__).parent
FUNCTIONS = Path(signetd.softhsm.build.__file__).parent / "modules" / "cryptoki_functions.h"

SM2_CURVE = "06082a811ccf5501822d"
# SubjectPublicKeyInfo of an SM2 key up to the point: GM/T 0015, 5.2.3.
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


class Child:
    """A process with a PKCS#11 module. Every method is one of ``cryptoki_child.Module``."""

    def __init__(self, token: ProvisionedToken, **environment: str) -> None:
        self.token = token
        self._ended: tuple[int, str] | None = None
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "cryptoki_child.py"), str(token.module), str(FUNCTIONS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **token.environment, **environment},
            text=True,
            bufsize=1,
        )
        self.loaded = self._receive(30)[0]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: self.ask(name, *arguments)

    def ask(self, name: str, *arguments: Any, seconds: float = 30) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        return self._receive(seconds)

    def _receive(self, seconds: float) -> Any:
        stdout = self._process.stdout
        assert stdout is not None
        if not select.select([stdout], [], [], seconds)[0]:
            raise TimeoutError(f"the module did not answer in {seconds} s")
        line = stdout.readline()
        if not line:
            raise EOFError(f"the process with the module ended: {self.end()}")
        return json.loads(line)

    def end(self) -> tuple[int, str]:
        """End the process; return its exit status and what it wrote to stderr."""
        if self._ended is None:
            self._ended = self._end()
        return self._ended

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def _end(self) -> tuple[int, str]:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        assert self._process.stderr is not None
        with self._process.stderr:
            return status, self._process.stderr.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def start_session(self) -> int:
        """Initialise, open a session on the token and log in; return the session."""
        assert self.initialize() == [0]
        return self.log_in()

    def log_in(self) -> int:
        session: int
        rv, session = self.open(self.slot())
        assert rv == 0, f"C_OpenSession answered {rv:#x}"
        assert self.login(session, str(self.token.user_pin_file)) == [0]
        return session

    def slot(self) -> int:
        """The token's slot; SoftHSM makes its number of the serial number's last digits."""
        return int(self.token.serial, 16) & 0x7FFFFFFF

    def make_key(self, session: int, label: str = "key", **overrides: Any) -> tuple[int, int]:
        """An SM2 key pair in the token; returns the handles of the public and the private key."""
        kind = overrides.get("mechanism", 0x80000201)
        name = label.encode().hex()
        public = [(0x1, "01"), (0x3, name), (0x180, SM2_CURVE)]
        private = [(0x1, "01"), (0x2, "01"), (0x3, name), (0x108, "01")]
        private += overrides.get("private", [])
        rv, *keys = self.generate(session, kind, public, private)
        assert rv == 0, f"C_GenerateKeyPair answered {rv:#x}"
        return keys[0], keys[1]

    def spki(self, session: int, public_key: int) -> bytes:
        rv, (point,) = self.get(session, public_key, [0x181])
        assert rv == 0
        return SPKI_HEAD + bytes.fromhex(point)[2:]  # an OCTET STRING of the point


@pytest.fixture(scope="session")
def sm2_token(tmp_path_factory: pytest.TempPathFactory) -> ProvisionedToken:
    return provision(tmp_path_factory.mktemp("sm2"), "test", module="sm2", install=True)


@pytest.fixture(scope="session")
def fault_token(tmp_path_factory: pytest.TempPathFactory) -> ProvisionedToken:
    return provision(tmp_path_factory.mktemp("fault"), "test", module="fault", install=True)


@pytest.fixture
def child_of() -> Iterator[Callable[..., Child]]:
    """Starts processes on a token; further arguments are environment variables."""
    children: list[Child] = []

    def starter(token: ProvisionedToken, **environment: str) -> Child:
        children.append(Child(token, **environment))
        return children[-1]

    yield starter
    for running in children:
        running.end()


@pytest.fixture
def start(sm2_token: ProvisionedToken, child_of: Callable[..., Child]) -> Callable[..., Child]:
    """Starts processes on the SM2 module; the arguments are environment variables."""
    return partial(child_of, sm2_token)


@pytest.fixture
def child(start: Callable[..., Child]) -> Child:
    """A process on the SM2 module with the numbers that it has by default."""
    return start()


@pytest.fixture
def openssl_accepts(tmp_path: Path) -> Callable[..., bool]:
    """Whether the openssl command verifies a DER signature of a message, or of e without an ID."""

    def verify(spki: bytes, signature: bytes, data: bytes, signer_id: str | None) -> bool:
        files = {"key": spki, "signature": signature, "data": data}
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        hashing = ["-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{signer_id}"]
        done = subprocess.run(
            [
                *("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER"),
                *("-inkey", "key", "-sigfile", "signature", "-in", "data"),
                *(hashing if signer_id is not None else []),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        answers = {
            "Signature Verified Successfully\n": True,
            "Signature Verification Failure\n": False,
        }
        assert done.stdout in answers, f"openssl could not verify: {done.stderr}"
        return answers[done.stdout]

    return verify


@pytest.fixture
def der() -> Callable[[str], bytes]:
    """Turns r and s, 64 bytes in hex, into DER."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    def encode(rs: str) -> bytes:
        assert len(rs) == 128, "a raw SM2 signature has 64 bytes"
        return encode_dss_signature(int(rs[:64], 16), int(rs[64:], 16))

    return encode
