"""The keys with which an instance makes seals and stamps, and their certificates."""

import asyncio
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signetd.daemon.assemble import Daemon
from signetd.daemon.dev.authority import Authority
from signetd.daemon.errors import StartError
from signetd.daemon.policy.types import KeyPurpose
from signetd.drivers.errors import SignetError
from signetd.drivers.types import Requester
from signetd.pki import csr

SEAL_KEYS: Final = {
    "demo-maker": (KeyPurpose.SEAL_MAKING, "CN=示例制章中心,O=示例制章中心,C=CN"),
    "demo-seal-key": (KeyPurpose.SEALING, "CN=示例科技有限公司,O=示例科技有限公司,C=CN"),
}
"""SM2 keys with their purposes, and to whom their certificates are issued."""


async def ensure_certified(daemon: Daemon, authority: Authority) -> None:
    """Give the keys of SEAL_KEYS certificates, where they have none. Raises StartError."""
    for key_id, (_, subject) in SEAL_KEYS.items():
        if not daemon.keys.get(key_id).certificates:
            try:
                await _certify(daemon, authority, key_id, subject)
            except SignetError as error:
                raise StartError(f"the key {key_id} gets no certificate: {error.message}") from None


async def _certify(daemon: Daemon, authority: Authority, key_id: str, subject: str) -> None:
    prepared = await daemon.requests.prepare(key_id, csr.Wanted(subject=subject), None)
    der = await daemon.requests.sign(prepared, Requester())
    request = x509.load_der_x509_csr(der).public_bytes(Encoding.PEM)
    issued = await asyncio.to_thread(authority.issue, request)
    checked = await daemon.certificates.check(key_id, issued + authority.chain)
    await daemon.certificates.keep(checked, on_token=True)
