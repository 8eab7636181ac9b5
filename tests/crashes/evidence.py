"""What is fetched at the end of a run: exports, verified as an auditor would, and the state."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from tests.chaos.report import Check
from tests.crashes import goods
from tests.crashes.chains import Chains
from tests.crashes.daemons import AUDITOR, EVERYBODY, CrashingDaemon
from tests.crashes.goods import Goods


def export(daemon: CrashingDaemon, folder: Path) -> Path:
    """Have the auditor export the chain of a daemon."""
    file = folder / f"{daemon.name}.jsonl"
    with daemon.client_of(AUDITOR, timeout=60.0) as client, file.open("wb") as out:
        for piece in client.audit.export():
            out.write(piece)
    return file


def public_keys(daemon: CrashingDaemon) -> dict[str, bytes]:
    """The public keys of all keys, as SubjectPublicKeyInfo."""
    with daemon.client_of(EVERYBODY) as client:
        names = [key.name.removeprefix("keys/") for key in client.list_keys()]
        return {name: client.get_public_key(name).spki for name in names}


def verified(files: list[Path], audit_key: bytes) -> Check:
    """Verify each export by command, with the audit's public key; it trusts nothing else."""
    pem = files[0].with_suffix(".pem")
    key = load_der_public_key(audit_key)
    pem.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    found = [out for file in files if (out := _verify(file, pem))]
    return Check("exports that `signetctl audit verify` refuses", len(found), 0, tuple(found))


def _verify(file: Path, pem: Path) -> str:
    command = [sys.executable, "-m", "signetd.cli", "audit", "verify"]
    command += [str(file), "--public-key", str(pem)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return (
        "" if done.returncode == 0 else f"{file.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    )


def kept(daemon: CrashingDaemon, stock: Goods, chains: Chains) -> Check:
    """Hold what administrators were told is done against what is there at the end."""
    found = [*_missing(daemon, stock), *_wrong_states(daemon, chains)]
    what = "keys, grants, approvals that are not as was answered or recorded"
    return Check(what, len(found), 0, tuple(found[:3]))


def _missing(daemon: CrashingDaemon, stock: Goods) -> Iterator[str]:
    with daemon.client_of(EVERYBODY) as client:
        there = {key.name for key in client.list_keys()}
        there |= {grant.name for grant in client.list_grants()}
        there |= {approval.name for approval in client.list_approvals()}
    made = [f"keys/{name}" for name in stock.capped] + stock.grants
    made += [approval.name for approval in stock.approvals]
    yield from (f"{name} is gone" for name in made if name not in there)


def _wrong_states(daemon: CrashingDaemon, chains: Chains) -> Iterator[str]:
    used = {it.get("approval", "") for it in chains.signatures().values()} - {""}
    with daemon.client_of(EVERYBODY) as client:
        marked = {approval.name for approval in client.list_approvals(["USED"])}
    yield from (f"{name} is used, without a record" for name in sorted(marked - used))
    yield from (f"{name} has a record and is not used" for name in sorted(used - marked))


def left_unused(stock: Goods, chains: Chains) -> Check:
    """Look for approvals that no crash may have spoilt: at the end, each was used once."""
    used = {it.get("approval", "") for it in chains.signatures().values()}
    found = [approval.name for approval in stock.approvals if approval.name not in used]
    return Check("approvals that could not be used, even once", len(found), 0, tuple(found[:3]))


def audit_key(keys: dict[str, bytes]) -> bytes:
    """The public key of the audit's signatures."""
    return keys[goods.AUDIT]
