"""Certification requests, PKCS #10 (RFC 2986): put together for a key that signs elsewhere.

The usual libraries sign a request while they make it, which needs the private key. Here what is to
be signed is made first, and the request when the signature has come.
"""

import ipaddress
import re
from typing import Any, Final

import msgspec
from asn1crypto import algos, core, csr  # type: ignore[import-untyped]  # it ships no types
from asn1crypto import x509 as asn1_x509
from asn1crypto.keys import PublicKeyInfo  # type: ignore[import-untyped]
from cryptography import x509

from signetd.gm import oids
from signetd.pki import distinguished, extensions
from signetd.pki.errors import InputError

MAX_ALTERNATIVE_NAMES: Final = 64
MAX_PURPOSES: Final = 32
_MAX_NAME_CHARS: Final = 255

_ALT: Final = "alternative_names"
_LABELS: Final = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*"
_DNS: Final = re.compile(rf"(\*\.)?{_LABELS}")
_EMAIL: Final = re.compile(rf"[!#$%&'*+/=?^_`{{|}}~A-Za-z0-9.-]{{1,64}}@{_LABELS}")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")  # RFC 3986, 3
_USAGE_FIELDS: Final = dict(
    zip(
        extensions.KEY_USAGES,
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        strict=True,
    )
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate is asked for.

    ``subject`` as in RFC 4514; ``alternative_names`` as ``dns:…``, ``email:…``, ``ip:…``,
    ``uri:…``; ``key_usages`` by their names in RFC 5280; ``extended_key_usages`` as object
    identifiers with dots.
    """

    subject: str
    alternative_names: tuple[str, ...] = ()
    key_usages: tuple[str, ...] = ()
    extended_key_usages: tuple[str, ...] = ()


def request_info(spki: bytes, wanted: Wanted) -> bytes:
    """Return the CertificationRequestInfo in DER, which is what the key has to sign.

    *spki* is the SubjectPublicKeyInfo in DER. Raises InputError, whose place is the field.
    """
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": asn1_x509.Name.load(distinguished.read(wanted.subject)),
            "subject_pk_info": PublicKeyInfo.load(spki),
            "attributes": _attributes(wanted),
        }
    )
    encoded: bytes = info.dump()
    return encoded


def signature_algorithm(name: str) -> bytes:
    """Return the AlgorithmIdentifier (DER) for a name of algorithms.NAMES such as ``sm2-sm3``.

    SM2 and ECDSA have no parameters (GM/T 0015, on signature algorithms; RFC 5758, 3.2), RSA has
    NULL, RSA-PSS one hash for both purposes and a salt as long as it (RFC 4055, 3.1).
    Raises KeyError for other names.
    """
    encoded: bytes = _ALGORITHMS[name].dump()
    return encoded


def assemble(info: bytes, algorithm: bytes, signature: bytes) -> bytes:
    """Return the request in DER.

    *info* is that of request_info, *algorithm* an AlgorithmIdentifier, *signature* as certificates
    have it: DER for SM2 and ECDSA.
    """
    request = csr.CertificationRequest(
        {
            "certification_request_info": csr.CertificationRequestInfo.load(info),
            "signature_algorithm": algos.SignedDigestAlgorithm.load(algorithm),
            "signature": core.OctetBitString(signature),
        }
    )
    encoded: bytes = request.dump()
    return encoded


def _pss(name: str, size: int) -> Any:
    digest = {"algorithm": name}
    return algos.SignedDigestAlgorithm(
        {
            "algorithm": "rsassa_pss",
            "parameters": algos.RSASSAPSSParams(
                {
                    "hash_algorithm": digest,
                    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
                    "salt_length": size,
                }
            ),
        }
    )


_SIZES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_ALGORITHMS: Final = {
    "sm2-sm3": algos.SignedDigestAlgorithm({"algorithm": oids.SM2_WITH_SM3}),
    "ed25519": algos.SignedDigestAlgorithm({"algorithm": "ed25519"}),
    **{
        f"rsa-{name}": algos.SignedDigestAlgorithm(
            {"algorithm": f"{name}_rsa", "parameters": core.Null()}
        )
        for name in _SIZES
    },
    **{
        f"ecdsa-{name}": algos.SignedDigestAlgorithm({"algorithm": f"{name}_ecdsa"})
        for name in _SIZES
    },
    **{f"rsa-pss-{name}": _pss(name, size) for name, size in _SIZES.items()},
}


def _attributes(wanted: Wanted) -> list[Any]:
    """Return extensionRequest (RFC 2985, 5.4.2) with what is wanted; nothing for nothing."""
    found: list[tuple[str, bool, x509.ExtensionType]] = []
    if wanted.key_usages:
        found.append((extensions.KEY_USAGE, True, _key_usage(wanted.key_usages)))
    if wanted.extended_key_usages:
        purposes = _purposes(wanted.extended_key_usages)
        found.append((extensions.EXTENDED_KEY_USAGE, False, purposes))
    if wanted.alternative_names:
        names = _alternative_names(wanted.alternative_names)
        found.append((extensions.SUBJECT_ALT_NAME, False, names))
    if not found:
        return []
    given = [
        {
            "extn_id": oid,
            "critical": critical,
            "extn_value": core.ParsableOctetString(value.public_bytes()),
        }
        for oid, critical, value in found
    ]
    return [{"type": "extension_request", "values": [given]}]


def _key_usage(names: tuple[str, ...]) -> x509.KeyUsage:
    unknown = sorted(set(names) - _USAGE_FIELDS.keys())
    if unknown:
        raise InputError(
            "key_usages",
            f"{unknown[0][:40]!r} is not known; there are {', '.join(extensions.KEY_USAGES)}",
        )
    chosen = {_USAGE_FIELDS[name] for name in names}
    try:
        return x509.KeyUsage(**{each: each in chosen for each in _USAGE_FIELDS.values()})
    except ValueError:
        raise InputError(
            "key_usages", "encipherOnly and decipherOnly go with keyAgreement only"
        ) from None


def _purposes(given: tuple[str, ...]) -> x509.ExtendedKeyUsage:
    place = "extended_key_usages"
    if len(given) > MAX_PURPOSES:
        raise InputError(place, f"there are {len(given)}; at most {MAX_PURPOSES} are allowed")
    for each in given:
        if not distinguished.is_oid(each):
            raise InputError(
                place, f"{each[:60]!r} is not an object identifier such as 1.3.6.1, or too long"
            )
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(each) for each in dict.fromkeys(given)])


def _alternative_names(given: tuple[str, ...]) -> x509.SubjectAlternativeName:
    if len(given) > MAX_ALTERNATIVE_NAMES:
        most = MAX_ALTERNATIVE_NAMES
        raise InputError(_ALT, f"there are {len(given)}; at most {most} are allowed")
    return x509.SubjectAlternativeName([_alternative_name(each) for each in dict.fromkeys(given)])


def _alternative_name(text: str) -> x509.GeneralName:
    kind, _, value = text.partition(":")
    if len(value) > _MAX_NAME_CHARS:
        most = _MAX_NAME_CHARS
        raise InputError(_ALT, f"one has {len(value)} characters; it may have at most {most}")
    if kind == "dns" and _DNS.fullmatch(value):
        return x509.DNSName(value)
    if kind == "email" and _EMAIL.fullmatch(value):
        return x509.RFC822Name(value)
    if kind == "uri" and _URI.fullmatch(value):
        return x509.UniformResourceIdentifier(value)
    if kind == "ip":
        try:
            return x509.IPAddress(ipaddress.ip_address(value))
        except ValueError:
            pass  # told like every other value that does not fit its kind
    raise InputError(
        _ALT,
        f"{text[:80]!r} is not dns:…, email:…, ip:… or uri:… with a name of that kind; names that "
        "are not ASCII are written in their ASCII form (xn--…)",
    )
