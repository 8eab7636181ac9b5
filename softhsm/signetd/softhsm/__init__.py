"""Test tokens: SoftHSM found or installed, modules that add SM2, throw-away tokens.

For demonstrations, tests and the CI of signing applications. Nothing here protects a key.
"""

from signetd.softhsm.build import build_module
from signetd.softhsm.errors import SoftHsmError
from signetd.softhsm.install import SoftHsm, ensure_softhsm, find_softhsm
from signetd.softhsm.provision import ProvisionedToken, provision

__all__ = [
    "ProvisionedToken",
    "SoftHsm",
    "SoftHsmError",
    "build_module",
    "ensure_softhsm",
    "find_softhsm",
    "provision",
]
