"""How fast a token makes keys and signs, measured with session keys that are destroyed again."""

import hashlib
import time
from typing import Any, Final

import pkcs11
from pkcs11 import exceptions as p11

from signetd.drivers import algorithms, verify
from signetd.drivers.doctor import mechanisms, quirks, trial
from signetd.drivers.doctor.output import Output
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import keygen, plan, publickey, vendor
from signetd.drivers.pkcs11.ckr import ckr_name
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import Algorithm, Input, KeyRef, KeyType, SignOrder
from signetd.gm import encoding, sm2

_MEASURED: Final = (
    *(KeyType.SM2, KeyType.RSA_2048),
    *(KeyType.EC_P256, KeyType.EC_P384, KeyType.EC_P521, KeyType.ED25519),
)
_NO_KEY: Final = KeyRef(b"", b"")
_BUFFER_BYTES: Final = 1024


def measure(
    session: pkcs11.Session, profile: Profile, offered: set[int], seconds: float, output: Output
) -> list[dict[str, Any]]:
    """Measure the default algorithm of each key type that the token can make."""
    report = []
    for key_type in _MEASURED:
        algorithm = algorithms.ALGORITHMS_OF[key_type][0]
        can_sign = algorithm in plan.inputs(profile, offered)
        if can_sign and mechanisms.can_generate(profile, offered, key_type):
            output.doing(f"measuring {algorithm.value} with a session key of type {key_type.value}")
            about = _measure(session, profile, offered, key_type, seconds)
            report.append({"algorithm": algorithm.value, "key_type": key_type.value, **about})
    return report


def _measure(
    session: pkcs11.Session, profile: Profile, offered: set[int], key_type: KeyType, seconds: float
) -> dict[str, Any]:
    number = keygen.mechanism(profile, offered, key_type)
    begun = time.perf_counter()
    try:
        with trial.session_pair(session, profile, number, key_type) as (public, private):
            generated = time.perf_counter() - begun
            spki = _spki(profile, public, private)
            found = _sign_for(private, spki, profile, offered, key_type, seconds)
            found |= quirks.protection(private)
    except p11.PKCS11Error as error:
        return {"works": False, "why": f"the token answered {ckr_name(error)}"}
    except (ValueError, SignetError) as error:
        return {"works": False, "why": str(error)}
    return {"generate_milliseconds": round(generated * 1000, 1), **found}


def _spki(profile: Profile, public: Any, private: Any) -> bytes:
    wanted = list(publickey.ATTRIBUTES)
    attributes = public.get_attributes(wanted) or private.get_attributes(wanted)
    return publickey.spki(attributes, profile.sm2.key_type if profile.sm2 else None)


def _sign_for(
    private: Any,
    spki: bytes,
    profile: Profile,
    offered: set[int],
    key_type: KeyType,
    seconds: float,
) -> dict[str, Any]:
    """Sign until the time is over; the first signature is verified."""
    order = _order(algorithms.ALGORITHMS_OF[key_type][0], profile, offered)
    key = verify.load(spki)[1]
    sm2_key = key if isinstance(key, sm2.Sm2PublicKey) else None
    planned = plan.plan(profile, offered, order, sm2_key)
    how: dict[str, Any] = {
        "mechanism": vendor.mechanism(planned.mechanism),
        "mechanism_param": planned.parameter,
        "buffer_size": _BUFFER_BYTES,
    }
    form = _form(private.sign(planned.data, **how), planned.form, spki, order)
    if form is None:
        return {"works": False, "why": "its signature is not valid under its public key"}
    if form != planned.form:
        why = f'it returns "{form}", and the profile says "{planned.form}"'
        return {"works": False, "why": why}
    return {"works": True, "signatures_per_second": _rate(private, planned.data, how, seconds)}


def _form(signature: bytes, declared: plan.Form, spki: bytes, order: SignOrder) -> plan.Form | None:
    """Tell in which form a signature is valid; None if in none."""
    forms: tuple[plan.Form, ...] = (declared,) if declared == "octets" else ("raw", "der")
    for form in forms:
        try:
            read = signature
            if form != "octets":
                size = algorithms.INTEGER_BYTES[order.algorithm]
                read = encoding.normalise(signature, size, form)
        except ValueError:
            continue
        if verify.verify(spki, order.algorithm, order.input, order.data, read, b""):
            return form
    return None


def _order(algorithm: Algorithm, profile: Profile, offered: set[int]) -> SignOrder:
    is_digest = Input.DIGEST in plan.inputs(profile, offered)[algorithm]
    data = b"signetd doctor"
    if is_digest and algorithm is Algorithm.SM2_SM3:
        data = hashlib.sha256(data).digest()  # any 32 bytes are an e
    elif is_digest:
        data = algorithms.digest(algorithm, data)
    kind = Input.DIGEST if is_digest else Input.MESSAGE
    return SignOrder(key=_NO_KEY, algorithm=algorithm, input=kind, data=data)


def _rate(private: Any, data: bytes, how: dict[str, Any], seconds: float) -> float:
    made, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds or made == 0:
        private.sign(data, **how)
        made += 1
    return round(made / (passed or seconds), 1)
