"""`signetd dev DIR`: a software token, certificates, a configuration, keys, and the daemon."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Final

from signetd.daemon import lifecycle, logs
from signetd.daemon.assemble import Daemon
from signetd.daemon.config import Config, TcpListener, load
from signetd.daemon.dev.authority import Authority
from signetd.daemon.dev.certificates import ensure_certificates, write_private
from signetd.daemon.dev.people import ensure_people
from signetd.daemon.dev.seal_keys import SEAL_KEYS, ensure_certified
from signetd.daemon.errors import StartError
from signetd.daemon.keys import KeyManager
from signetd.daemon.policy.types import KeyPurpose
from signetd.daemon.rpc.listeners import Bound
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType

TOKEN: Final = "dev"
AUDIT_KEY: Final = "demo-audit"
KEYS: Final = {
    "demo-sm2": KeyType.SM2,
    "demo-rsa": KeyType.RSA_2048,
    "demo-p256": KeyType.EC_P256,
    "demo-ed25519": KeyType.ED25519,
    AUDIT_KEY: KeyType.SM2,
    **dict.fromkeys(SEAL_KEYS, KeyType.SM2),
}
"""The keys that every instance has."""

_MARK: Final = "signetd-dev"
_SOCKET_PATH_BYTES: Final = 107  # sockaddr_un.sun_path has 108 with the closing NUL.


async def run(folder: Path) -> None:
    """Run the instance in *folder* until SIGINT or SIGTERM; a later run finds the same keys.

    Raises StartError with a sentence about what is missing, and ConfigError when the folder's
    configuration was changed and no longer holds.
    """
    config = await asyncio.to_thread(prepare, folder)
    logs.configure(config.log)

    async def ready(daemon: Daemon, servers: list[Bound]) -> None:
        await ensure_people(daemon)
        await _ensure_keys(daemon.keys)
        await ensure_certified(daemon, Authority(folder))
        await asyncio.to_thread(_announce, folder, servers)

    await lifecycle.run(config, ready)


def prepare(folder: Path) -> Config:
    """Make what is missing in *folder*; raises StartError and ConfigError."""
    _check_path(folder)
    try:
        _make_folder(folder)
        ensure_certificates(folder)
        file = folder / "signetd.toml"
        if not file.exists():
            write_private(file, _provision(folder).encode())
        Authority(folder).ensure()
    except OSError as error:
        raise StartError(f"{error.filename or folder}: {error.strerror or error}") from None
    return load(file)


def _check_path(folder: Path) -> None:
    size = len(os.fsencode(folder / "auditor.sock"))
    if size > _SOCKET_PATH_BYTES:
        raise StartError(
            f"{folder}/auditor.sock is {size} bytes long; a socket's path has at most "
            f"{_SOCKET_PATH_BYTES}: choose a folder with a shorter path."
        )


def _make_folder(folder: Path) -> None:
    mark = folder / _MARK
    if folder.exists() and not mark.exists() and any(folder.iterdir()):
        raise StartError(
            f"{folder} holds other files; give an empty folder, or one that does not exist."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    mark.touch(mode=0o600)


def _provision(folder: Path) -> str:
    """Make the token; return the configuration. Its tools run in processes of their own."""
    from signetd import softhsm

    try:
        token = softhsm.provision(folder / "token", TOKEN, module="sm2")
    except (softhsm.SoftHsmError, subprocess.SubprocessError) as error:
        raise StartError(str(error)) from None
    environment = "\n".join(
        f"{name} = {_quoted(value)}" for name, value in token.environment.items()
    )
    return _CONFIGURATION.format(
        token=TOKEN,
        module=_quoted(str(token.module)),
        label=_quoted(token.label),
        serial=_quoted(token.serial),
        pin_file=_quoted(str(token.user_pin_file)),
        environment=environment,
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # TOML's basic strings are written the same way


_CONFIGURATION: Final = """\
# A throw-away instance made by `signetd dev`. Not for real keys: its token is software.

[daemon]
state_directory = "state"

[log]
format = "console"

[access]
first_security_admin = "dev"

[audit]
key = "demo-audit"

# Whose seals are recognised: a small CA in ca/, which has issued the certificates of demo-maker, a
# maker of seals, and of demo-seal-key, which stamps.
[seals]
makers = "ca/trust"
signers = "ca/trust"
intermediates = "ca/trust/intermediates"
crls = "ca/trust/crls"

# Here the one who manages keys also signs with them. Tokens and the audit are other people's, and
# an application may do nothing until it is granted.
[[listener]]
unix = "signetd.sock"
identity = "dev"

[[listener]]
unix = "system.sock"
identity = "dev-system-admin"

[[listener]]
unix = "auditor.sock"
identity = "dev-auditor"

[[listener]]
unix = "app.sock"
identity = "dev-app"

[[listener]]
tcp = "127.0.0.1:0"
certificate = "server/server.pem"
private_key = "server/server.key"
client_ca = "client/ca.pem"

[[token]]
name = "{token}"
module = {module}
label = {label}
serial = {serial}
profile = "softhsm-sm2"
pin_file = {pin_file}

[token.environment]
{environment}
"""


async def _ensure_keys(keys: KeyManager) -> None:
    for key_id, key_type in KEYS.items():
        try:
            keys.get(key_id)
        except SignetError as error:
            if error.reason is not Reason.KEY_NOT_FOUND:
                raise
            await _generate(keys, key_id, key_type)


async def _generate(keys: KeyManager, key_id: str, key_type: KeyType) -> None:
    try:
        await keys.generate(key_id, TOKEN, key_type, None, _purpose(key_id))
    except SignetError as error:
        raise StartError(f"the key {key_id} cannot be made: {error.message}") from None


def _purpose(key_id: str) -> KeyPurpose:
    if key_id == AUDIT_KEY:
        return KeyPurpose.AUDIT
    return SEAL_KEYS[key_id][0] if key_id in SEAL_KEYS else KeyPurpose.SIGNING


def _announce(folder: Path, servers: list[Bound]) -> None:
    """Say on standard output, and in DIR/address.json, where the instance is to be reached."""
    unix, tcp = f"unix:{folder / 'signetd.sock'}", ""
    for bound in servers:
        if isinstance(bound.listener, TcpListener):
            tcp = bound.address
    client = str(folder / "client")
    written = {
        "endpoint": unix,
        "system_endpoint": f"unix:{folder / 'system.sock'}",
        "auditor_endpoint": f"unix:{folder / 'auditor.sock'}",
        "app_endpoint": f"unix:{folder / 'app.sock'}",
        "tcp_endpoint": tcp,
        "client": client,
    }
    write_private(folder / "address.json", json.dumps(written, indent=2).encode() + b"\n")
    print("ready", unix, tcp, client, flush=True)
