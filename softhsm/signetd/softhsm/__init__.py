"""Test tokens: SoftHSM found or installed, modules that add SM2 and faults, throw-away tokens.

For demonstrations, tests and the CI of signing applications. Nothing here protects a key.
"""

from signetd.softhsm.build import build_module, ensure_build_tools
from signetd.softhsm.errors import BuildError, SoftHsmError
from signetd.softhsm.faults import set_faults
from signetd.softhsm.install import SoftHsm, ensure_softhsm, find_softhsm
from signetd.softhsm.provision import ProvisionedToken, provision
from signetd.softhsm.store import TokenStore, random_pin

__all__ = [
    "BuildError",
    "ProvisionedToken",
    "SoftHsm",
    "SoftHsmError",
    "TokenStore",
    "build_module",
    "ensure_build_tools",
    "ensure_softhsm",
    "find_softhsm",
    "provision",
    "random_pin",
    "set_faults",
]
