"""A listener with mutual TLS for the test CA, and callers with certificates of every kind."""

import ipaddress
import json
from pathlib import Path

import grpc
from cryptography import x509

from tests.integration.attack.calls import Caller
from tests.integration.attack.scene import Scene
from tests.unit.daemon.certificates import SERVER_AUTH, Holder, pem, root

_HOST = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
LISTENER = """
[[listener]]
tcp = "127.0.0.1:0"
certificate = "server.pem"
private_key = "server.key"
client_ca = "clients.pem"
client_crl = "crl.pem"
"""


def prepare(folder: Path) -> None:
    """Write the files of the listener, with a list in which nobody is revoked."""
    server = root("server CA").issue(_HOST, common_name="server", usages=(SERVER_AUTH,))
    (folder / "server.pem").write_bytes(server.pem)
    (folder / "server.key").touch(0o600)
    (folder / "server.key").write_bytes(server.key_pem)
    (folder / "clients.pem").write_bytes(root().pem)
    publish(folder)


def publish(folder: Path, *revoked: x509.Certificate) -> None:
    """Put a revocation list in the place of the one before."""
    new = folder / "crl.new"
    new.write_bytes(pem(root().crl(*revoked)))
    new.replace(folder / "crl.pem")


def connect(scene: Scene, name: str, holder: Holder | None) -> Caller:
    """Connect with a certificate, or without one, without a session of an earlier connection."""
    files = (None, None) if holder is None else (holder.key_pem, holder.pem)
    credentials = grpc.ssl_channel_credentials(root("server CA").pem, *files)
    alone = (("grpc.use_local_subchannel_pool", 1),)
    return Caller(name, grpc.secure_channel(_address(scene), credentials, options=alone))


def _address(scene: Scene) -> str:
    ready = next(line for line in scene.daemon.log.splitlines() if '"event": "ready"' in line)
    listeners: list[str] = json.loads(ready)["listeners"]
    return next(each for each in listeners if "127.0.0.1" in each)
