"""Verifies every signature of a run, with programs that the daemon does not use for that.

The daemon verifies with libcrypto through ctypes (SM2) and the package cryptography. So each SM2
signature is given to the openssl command; the others to cryptography, and a sample of them to the
openssl command too. Both are first made to refuse signatures that were altered.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.chaos.record import Outcome

SAMPLE: Final = 100  # of each kind but SM2, for the openssl command
_OPENSSL_PARALLEL: Final = 2
_DIGEST_OPTIONS: Final = {
    "sm2": ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"),
    "rsa": ("-rawin", "-digest", "sha256"),
    "p256": ("-rawin", "-digest", "sha256"),
    "ed25519": ("-rawin",),
}
_ANSWERS: Final = {
    "Signature Verified Successfully\n": True,
    "Signature Verification Failure\n": False,
}


@dataclass
class Verdict:
    """How many signatures were verified, by what, and which were wrong or came twice."""

    by_openssl: int = 0
    by_cryptography: int = 0
    signatures: int = 0
    wrong: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)


class Verifier:
    """Verifies with the public keys that were read when the keys were made."""

    def __init__(self, spki: dict[str, bytes], random: Random) -> None:
        self._spki = spki
        self._random = random
        self._loaded = {
            key: serialization.load_der_public_key(data)
            for key, data in spki.items()
            if key != "sm2"  # which cryptography does not know
        }

    def verify(self, outcomes: list[Outcome]) -> Verdict:
        """Verify all; each counts as verified only when every program that looked agreed."""
        good = [outcome for outcome in outcomes if outcome.good]
        verdict = Verdict(signatures=len(good))
        _find_duplicates(good, verdict)
        others = [outcome for outcome in good if outcome.key != "sm2"]
        self._refuse_altered(good)
        for outcome in others:
            verdict.by_cryptography += 1
            if not self._cryptography_accepts(outcome):
                verdict.wrong.append(_named(outcome, "cryptography"))
        for_openssl = [outcome for outcome in good if outcome.key == "sm2"]
        for key in self._loaded:
            of_key = [outcome for outcome in others if outcome.key == key]
            for_openssl += self._random.sample(of_key, min(SAMPLE, len(of_key)))
        for outcome, accepted in zip(for_openssl, self._ask_openssl(for_openssl), strict=True):
            verdict.by_openssl += 1
            if not accepted:
                verdict.wrong.append(_named(outcome, "openssl"))
        return verdict

    def _refuse_altered(self, good: list[Outcome]) -> None:
        """A verifier that accepts everything would prove nothing. Raises AssertionError."""
        samples = {outcome.key: outcome for outcome in good}.values()
        altered = [_alter(outcome) for outcome in samples]
        accepted = self._ask_openssl(altered)
        accepted += [self._cryptography_accepts(o) for o in altered if o.key != "sm2"]
        if any(accepted):
            raise AssertionError("the verification accepted a signature of another document")

    def _cryptography_accepts(self, outcome: Outcome) -> bool:
        key, signature, data = self._loaded[outcome.key], outcome.signature, outcome.document
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
            elif isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, data)
            else:
                raise AssertionError(f"{outcome.key} is of an unknown kind")
        except InvalidSignature:
            return False
        return True

    def _ask_openssl(self, outcomes: list[Outcome]) -> list[bool]:
        with TemporaryDirectory(prefix="signetd-") as name:
            folder = Path(name)
            for key, spki in self._spki.items():
                (folder / key).write_bytes(spki)
            with ThreadPoolExecutor(_OPENSSL_PARALLEL) as pool:
                asked = pool.map(
                    lambda pair: _openssl_accepts(folder, *pair), enumerate(outcomes), timeout=3600
                )
                return list(asked)


def _openssl_accepts(folder: Path, number: int, outcome: Outcome) -> bool:
    document, signature = folder / f"{number}.doc", folder / f"{number}.sig"
    document.write_bytes(outcome.document)
    signature.write_bytes(outcome.signature)
    done = subprocess.run(
        [
            *("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER"),
            *("-inkey", outcome.key, "-in", document.name, "-sigfile", signature.name),
            *_DIGEST_OPTIONS[outcome.key],
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    document.unlink()
    signature.unlink()
    # A signature whose form is broken makes openssl complain instead of answering.
    return _ANSWERS.get(done.stdout, False)


def _alter(outcome: Outcome) -> Outcome:
    document = outcome.document + b"altered"
    return Outcome(outcome.key, document, outcome.began, outcome.ended, outcome.signature)


def _find_duplicates(good: list[Outcome], verdict: Verdict) -> None:
    """All documents are different, so no signature may come twice."""
    seen: set[bytes] = set()
    for outcome in good:
        if outcome.signature in seen:
            verdict.duplicates.append(_named(outcome, "a signature that came before"))
        seen.add(outcome.signature)


def _named(outcome: Outcome, who: str) -> str:
    return f"{outcome.key}, document {outcome.document.hex()}: {who}"
