"""SoftHSM in another process, reached through p11-kit's remoting."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from signetd.drivers.types import Algorithm, KeyType, Pin, TokenSettings
from signetd.softhsm import provision
from tests.contract import packages, pooled
from tests.contract.subject import Feature, Lacks, Subject
from tests.contract.tokens import processes, softhsm

LABEL = "签章 remote"
_LACKS = Lacks(
    # Its protocol carries the mechanisms that it knows the parameters of, and no others.
    key_types=frozenset({KeyType.SM2, KeyType.ED25519}),
    algorithms=frozenset({Algorithm.SM2_SM3, Algorithm.ED25519}),
    features=frozenset({Feature.LONE_PRIVATE_KEYS}),
)


@contextmanager
def remote(folder: Path) -> Iterator[Subject]:
    """A SoftHSM token behind a server of p11-kit's; it is gone when the server is."""
    module, server = packages.need("p11-kit-client.so"), packages.get("p11-kit-server")
    token = provision(folder / "token", LABEL)
    with TemporaryDirectory(prefix="p11-") as name:  # a socket's path is short
        socket, log = Path(name) / "socket", Path(name) / "log"
        command = [
            *(str(server.path), "--foreground", "--name", str(socket)),
            *("--provider", str(token.module), f"pkcs11:token={quote(LABEL)}"),
        ]
        private = {"P11_KIT_PRIVATEDIR": str(server.path.parent)}  # where p11-kit-remote is
        environment = server.environment | token.environment | private
        with processes.running(*command, log=log, environment=environment) as process:
            processes.await_file(socket, process, log)
            yield pooled.subject(
                name="p11-kit",
                settings=TokenSettings(
                    module=str(module.path),
                    label=token.label,
                    serial=token.serial,
                    environment=module.environment
                    | {"P11_KIT_SERVER_ADDRESS": f"unix:path={socket}"},
                ),
                pin=Pin(token.user_pin_file.read_text()),
                lacks=_LACKS,
                same_as=dict.fromkeys(
                    (KeyType.RSA_3072, KeyType.RSA_4096), "SoftHSM, which makes it, is asked itself"
                ),
                twin=partial(softhsm.twin, token, folder),
                remove=partial(processes.end, process),
            )
