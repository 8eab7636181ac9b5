"""The SM2 convention of a token, found by trial on a session key pair that is destroyed again."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pkcs11
from cryptography.exceptions import InvalidSignature
from pkcs11 import exceptions as p11
from pkcs11.constants import Attribute

from signetd.drivers.pkcs11 import keygen, probe, publickey, vendor
from signetd.drivers.pkcs11.ckr import ckr_name
from signetd.drivers.pkcs11.profile import Profile, Returns, Sm2Mechanism
from signetd.drivers.types import KeyType
from signetd.gm import encoding, sm2

LABEL = "signetd doctor"
_OTHER_ID = b"signetd doctor"  # not the default ID
_BUFFER_BYTES = 1024


@dataclass(frozen=True)
class Pair:
    """A session key pair, and its public key."""

    public: Any
    private: Any
    attributes: dict[int, Any]
    key: sm2.Sm2PublicKey


@contextmanager
def session_pair(
    session: pkcs11.Session, profile: Profile, number: int, key_type: KeyType
) -> Iterator[tuple[Any, Any]]:
    """Have a session key pair, and destroy it afterwards. Raises PKCS11Error."""
    public, private = keygen.generate(
        session,
        number,
        key_type,
        profile,
        label=LABEL,
        cka_id=secrets.token_bytes(8),
        store=False,
    )
    try:
        yield public, private
    finally:
        for item in (private, public):
            with suppress(p11.PKCS11Error):  # the session's end destroys it too
                item.destroy()


def read_key(profile: Profile, public: Any, private: Any) -> Pair:
    """Read the public key of an SM2 pair. Raises ValueError."""
    wanted = list(publickey.ATTRIBUTES)
    attributes = public.get_attributes(wanted)
    number = profile.sm2.key_type if profile.sm2 else None
    spki = publickey.spki(attributes, number)
    return Pair(public, private, attributes, sm2.Sm2PublicKey.from_spki(spki))


def examine(pair: Pair, numbers: list[int]) -> tuple[dict[int, Sm2Mechanism], list[dict[str, Any]]]:
    """Try each mechanism; return how those that work do so, and all of it for the report."""
    found: dict[int, Sm2Mechanism] = {}
    report = []
    for number in numbers:
        about = _examine_one(pair, number, found)
        report.append({"mechanism": f"0x{number:08X}", **about})
    return found, report


def _examine_one(pair: Pair, number: int, found: dict[int, Sm2Mechanism]) -> dict[str, Any]:
    try:
        answer = _sign(pair, number, None)
    except p11.PKCS11Error as error:
        try:  # some tokens know no default ID
            answer = _sign(pair, number, sm2.DEFAULT_SIGNER_ID)
        except p11.PKCS11Error:
            return {"works": False, "why": f"the token answered {ckr_name(error)}"}
    seen = _convention(pair.key, answer)
    if seen is None:
        why = f"{len(answer)} bytes, valid by no known convention"
        return {"works": False, "why": why}
    takes, returns, malformed = seen
    takes_id = takes == "message" and _takes_id(pair, number)
    mechanism = Sm2Mechanism(
        mechanism=number,
        takes=takes,
        returns=returns,
        parameter="signer-id" if takes_id else "none",
    )
    found[number] = mechanism
    return {
        "works": True,
        "takes": takes,
        "returns": returns,
        "malformed_der": malformed,
        "parameter": mechanism.parameter,
    }


def _sign(
    pair: Pair, number: int, parameter: bytes | None, data: bytes = probe.KNOWN_VALUE
) -> bytes:
    signature: bytes = pair.private.sign(
        data,
        mechanism=vendor.mechanism(number),
        mechanism_param=parameter,
        buffer_size=_BUFFER_BYTES,
    )
    return signature


def _convention(key: sm2.Sm2PublicKey, answer: bytes) -> tuple[Any, Returns, bool] | None:
    """Find takes and returns of a signature of the known value, and whether its DER is bad."""
    for form in ("raw", "der"):
        try:
            raw = encoding.normalise(answer, 32, "raw" if form == "raw" else "der")
        except ValueError:
            continue
        takes = probe.convention(key, raw)
        if takes is not None:
            malformed = form == "der" and encoding.raw_to_der(raw) != answer
            return takes, ("raw" if form == "raw" else "der"), malformed
    return None


def _takes_id(pair: Pair, number: int) -> bool:
    try:
        answer = _sign(pair, number, _OTHER_ID)
        raw = encoding.normalise(answer, 32)
        e = sm2.message_digest(pair.key, probe.KNOWN_VALUE, _OTHER_ID)
        sm2.verify_digest(pair.key, e, raw)
    except (p11.PKCS11Error, ValueError, InvalidSignature):
        return False
    return True


def curve_of(attributes: dict[int, Any]) -> str:
    """CKA_EC_PARAMS in hex; "" where the token does not report them."""
    params: bytes = attributes.get(Attribute.EC_PARAMS) or b""
    return params.hex()
