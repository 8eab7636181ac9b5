"""A hostile client with every right tries every method: no private key and no PIN comes out.

The test knows the scalar of an SM2 key because the SM2 module is a test tool: whoever opens the
same token folder with plain SoftHSM and the PIN can read it.
"""

import base64
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from signetd.api.v1 import key_service_pb2, signing_service_pb2, token_service_pb2
from signetd.softhsm import ensure_softhsm

SERVICES = [
    module.DESCRIPTOR.services_by_name[name]
    for module, name in (
        (signing_service_pb2, "SigningService"),
        (key_service_pb2, "KeyService"),
        (token_service_pb2, "TokenService"),
    )
]
METHODS = [method for service in SERVICES for method in service.methods]

READ_SCALARS = """
import sys, pkcs11
from pkcs11 import Attribute, ObjectClass
tokens = [slot.get_token() for slot in pkcs11.lib(sys.argv[1]).get_slots(True)]
token = next(token for token in tokens if token.label == sys.argv[2])
with token.open(user_pin=sys.stdin.readline().strip()) as session:
    for key in list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})):
        if key.key_type == pkcs11.KeyType.EC:
            try:
                print(key[Attribute.VALUE].hex())
            except pkcs11.exceptions.PKCS11Error:
                pass
"""


@pytest.fixture(scope="session")
def secrets(signetd_dev: Any) -> list[bytes]:
    """The scalar and the PINs, in every spelling that a leak might have."""
    folder = Path(signetd_dev.folder) / "token"
    pins = [(folder / name).read_text().strip() for name in ("user.pin", "so.pin")]
    label = json.loads((folder / "token.json").read_text())["label"]
    done = subprocess.run(
        [sys.executable, "-c", READ_SCALARS, str(ensure_softhsm().module), label],
        env={"SOFTHSM2_CONF": str(folder / "softhsm2.conf")},
        input=pins[0],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    scalars = [bytes.fromhex(line) for line in done.stdout.split()]
    assert scalars, "the test must know a private key, else it proves nothing"
    found = [pin.encode() for pin in pins]
    for scalar in scalars:
        found += [scalar, scalar.hex().encode(), scalar.hex().upper().encode()]
        found += [base64.b64encode(scalar), scalar[:16]]
    return found


def requests(method: MethodDescriptor) -> list[Any]:
    """Requests that a method might answer with more than it should."""
    kind = GetMessageClass(method.input_type)
    made = [kind()]
    for name in ("demo-sm2", "demo-rsa"):
        request = kind()
        for field in method.input_type.fields:
            value = {
                "name": f"keys/{name}" if "Key" in method.name else "tokens/dev",
                "key": f"keys/{name}",
                "token": "tokens/dev",
                "key_id": f"stolen-{name}",
                "label": name,
                "message": b"m",
                "signature": b"s",
                "pin": "wrong",
            }.get(field.name)
            if value is not None:
                with contextlib.suppress(TypeError):
                    setattr(request, field.name, value)
        made.append(request)
    return made


def test_there_is_no_method_for_private_keys() -> None:
    forbidden = ("export", "wrap", "private", "import", "backup", "derive", "decrypt")
    # A certificate is public.
    names = [method.name.lower() for method in METHODS if method.name != "ImportCertificate"]
    fields = [f.name for method in METHODS for f in method.output_type.fields]
    assert not [n for n in names + fields if any(word in n for word in forbidden)]


# Locking and destroying would spoil the instance for the others; they answer with a Token or Key.
@pytest.mark.parametrize(
    "method",
    [m for m in METHODS if m.name not in ("LockToken", "DestroyKey", "DisableKey")],
    ids=lambda m: m.name,
)
def test_no_reply_holds_a_secret(
    method: MethodDescriptor, signetd_dev: Any, secrets: list[bytes]
) -> None:
    with grpc.insecure_channel(signetd_dev.endpoint) as channel:
        path = f"/{method.containing_service.full_name}/{method.name}"
        unary: Any = channel.unary_unary(path)
        stream: Any = channel.unary_stream(path)
        for request in requests(method):
            raw = request.SerializeToString()
            try:
                if method.server_streaming:
                    answer = next(stream(raw, timeout=30))
                else:
                    answer = unary(raw, timeout=30)
            except grpc.RpcError as refused:
                error: Any = refused
                assert error.code() is not grpc.StatusCode.INTERNAL, error.details()
                trailers = b"".join(
                    value if isinstance(value, bytes) else value.encode()
                    for _, value in error.trailing_metadata()
                )
                answer = error.details().encode() + trailers
            assert not [secret for secret in secrets if secret in answer]


def read_unless_refused(path: Path) -> bytes:
    """Read what the kernel shows; to all but root it hides much of a process without dumps."""
    try:
        return path.read_bytes()
    except PermissionError:
        assert os.geteuid() != 0
        return b""


def family(pid: int) -> list[int]:
    """The daemon and its workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def daemon_pid(folder: Path) -> int:
    """Find the daemon that serves *folder* by its command line."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"dev" in words and str(folder).encode() in words:
                return int(process.name)
    raise AssertionError(f"no daemon serves {folder}")


def test_no_process_or_log_shows_a_secret(signetd_dev: Any, secrets: list[bytes]) -> None:
    folder = Path(signetd_dev.folder)
    processes = family(daemon_pid(folder))
    assert len(processes) > 1, "the daemon has no worker"
    for pid in processes:
        for name in ("cmdline", "environ", "status", "comm", "maps", "limits", "cgroup"):
            seen = read_unless_refused(Path(f"/proc/{pid}/{name}"))
            assert not [secret for secret in secrets if secret in seen], f"in {name} of {pid}"
    log = (folder.parent / "log").read_bytes()
    assert log
    assert not [secret for secret in secrets if secret in log]


def test_processes_leave_no_core_dump(signetd_dev: Any) -> None:
    for pid in family(daemon_pid(Path(signetd_dev.folder))):
        limits = Path(f"/proc/{pid}/limits").read_text()
        (line,) = [line for line in limits.splitlines() if "core file" in line]
        assert line.split()[4:6] == ["0", "0"], line
