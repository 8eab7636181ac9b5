"""Those who judge a chain: signetd.pki, the openssl command, and cryptography's verifier."""

import subprocess
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.x509 import verification

from signetd.pki import Certificate, Policy, Report, Revocation, TrustStore, validate
from tests.unit.pki import holders, making
from tests.unit.pki.forest import Case, Entity

ID_OPTION: Final = ("-vfyopt", f"distid:{holders.ID.decode()}")
_PURPOSES: Final = frozenset({making.EMAIL.dotted_string})


def policy(**changes: object) -> Policy:
    given: dict[str, object] = {
        "at": making.NOW,
        "key_usages": frozenset({"digitalSignature", "nonRepudiation"}),
        "extended_key_usages": _PURPOSES,
        "revocation": Revocation.IGNORED,
    }
    return Policy(**(given | changes))  # type: ignore[arg-type]  # as Policy itself says


def store(*roots: Entity) -> TrustStore:
    return TrustStore("roots", [Certificate.read(each.der) for each in roots])


def ours(case: Case) -> Report:
    others = [each.der for each in case.others]
    return validate(case.end.der, policy(**case.policy), store(*case.roots), others)


def openssl(case: Case, folder: Path) -> tuple[bool, str]:
    """Ask ``openssl verify``; return its verdict, and what it says."""
    for name, entities in (("roots", case.roots), ("others", case.others), ("end", (case.end,))):
        (folder / name).write_bytes(b"".join(each.pem for each in entities))
    others = ["-untrusted", str(folder / "others")] if case.others else []
    purpose = ["-purpose", "smimesign", "-auth_level", "2"]
    return verify(folder / "roots", folder / "end", *others, *purpose, *case.options)


def openssl_link(child: Certificate, issuer: Certificate, folder: Path) -> tuple[bool, str]:
    """Ask ``openssl verify`` for one step, which is all that it can do with SM2."""
    for name, each in (("child", child), ("issuer", issuer)):
        (folder / name).write_bytes(making.pem(each.der))
    return verify(folder / "issuer", folder / "child", "-partial_chain", *ID_OPTION)


def verify(roots: Path, end: Path, *options: str) -> tuple[bool, str]:
    anchors = ["-no-CApath", "-no-CAstore", "-CAfile", str(roots)]
    at = ["-attime", str(int(making.NOW.timestamp()))]
    done = subprocess.run(
        ["openssl", "verify", *anchors, *at, *options, str(end)], capture_output=True, timeout=60
    )
    return done.returncode == 0, (done.stdout + done.stderr).decode()


def library(case: Case) -> tuple[bool, str]:
    """Ask cryptography's verifier, with what it asks for the Web left out for the end."""
    builder = verification.PolicyBuilder().time(making.NOW.replace(tzinfo=None)).max_chain_depth(7)
    builder = builder.store(verification.Store([_loaded(each) for each in case.roots]))
    builder = builder.extension_policies(
        ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
        ee_policy=_end_policy(),
    )
    try:
        builder.build_client_verifier().verify(
            _loaded(case.end), [_loaded(each) for each in case.others]
        )
    except (verification.VerificationError, ValueError) as error:
        return False, str(error)
    return True, ""


def _end_policy() -> verification.ExtensionPolicy:
    return verification.ExtensionPolicy.webpki_defaults_ee()


def _loaded(entity: Entity) -> x509.Certificate:
    return x509.load_der_x509_certificate(entity.der)
