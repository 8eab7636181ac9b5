"""A worker that does not see key pairs made after its login, as SoftHSM's may not.

That is while the folder that SIGNETD_BLIND names exists; it notes its start there.
"""

import os
from pathlib import Path

from signetd.drivers.isolation import worker
from signetd.drivers.pkcs11.inventory import Inventory

VARIABLE = "SIGNETD_BLIND"


def close_eyes() -> None:
    """Have the keys listed once, and never afresh."""
    refresh = Inventory.refresh
    listed: set[int] = set()

    def refresh_once(self: Inventory) -> None:
        if id(self) not in listed:
            listed.add(id(self))
            refresh(self)

    Inventory.refresh = refresh_once  # type: ignore[method-assign]


if __name__ == "__main__":
    folder = Path(os.environ[VARIABLE])
    if folder.is_dir():
        (folder / str(os.getpid())).touch()
        close_eyes()
    worker.main()
