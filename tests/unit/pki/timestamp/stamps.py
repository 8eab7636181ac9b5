"""What the tests of time stamps share: an authority for each kind of key, tokens, verdicts."""

import functools
import tempfile
from pathlib import Path
from typing import Any, Final

from signetd.pki import Policy, Revocation, Status, TrustStore
from signetd.pki import timestamp as ts
from tests import tsa

DATA: Final = b"the value of a signature"
NONCE: Final = 0x1234567890ABCDEF
HASH: Final = {"sm2": "sm3", "rsa": "sha256", "ec": "sha256"}
ROOTS: Final = "roots"


@functools.cache
def authority(kind: str) -> tsa.Authority:
    """Return an authority; one for a kind within a process."""
    return tsa.Authority(Path(tempfile.mkdtemp(prefix="tsa-")), kind)


def query(kind: str = "sm2", **changes: Any) -> bytes:
    """Return a request."""
    name = changes.pop("hash", HASH[kind])
    return ts.request(name, tsa.digest(name, DATA), **({"nonce": NONCE} | changes))


def token(kind: str = "sm2", **changes: Any) -> bytes:
    """Return a token that was written byte by byte; *changes* as of Authority.token()."""
    return authority(kind).token(query(kind), **changes)


def verified(given: bytes, kind: str = "sm2", **options: Any) -> ts.TokenReport:
    """Verify, by default as somebody who knows the nonce and ignores revocation."""
    maker = options.pop("authority", None) or authority(kind)
    data = options.pop("data", DATA)
    policy = Policy(
        **({"at": tsa.now(), "revocation": Revocation.IGNORED} | options.pop("policy", {}))
    )
    evidence = [options.pop(name, ()) for name in ("others", "lists", "responses")]
    store = options.pop("store", None) or TrustStore.read(maker.trust, ROOTS)
    return ts.verify(given, data, policy, store, *evidence, **({"nonce": NONCE} | options))


def failed(report: ts.TokenReport) -> set[str]:
    """Return the names of the checks that have failed."""
    return {each.name.value for each in report.failures}


def told(report: ts.TokenReport) -> str:
    """Write a report down, for messages of failing tests."""
    return "\n".join(f"{each.name} {each.status}: {each.reason}" for each in report.checks)


def status(report: ts.TokenReport, name: ts.TokenName) -> Status:
    return report.of(name).status
