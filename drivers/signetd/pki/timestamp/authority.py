"""Whether a certificate may make time stamps, and is the one that a token names."""

from typing import Final

from signetd.pki import der, extensions, names
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError

TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"
_DIRECTORY_NAME: Final = 0xA4


def purpose_problem(certificate: Certificate) -> str:
    """Say why a certificate is not for time stamps, and nothing else; "" if it is."""
    found = extensions.find(certificate.extensions, extensions.EXTENDED_KEY_USAGE)
    purposes = certificate.extended_key_usage
    if found is None or purposes is None:
        return "its certificate has no extKeyUsage; it must have timeStamping in it"
    if TIME_STAMPING not in purposes:
        return "its certificate is not for time stamps (extKeyUsage)"
    if purposes != {TIME_STAMPING}:
        others = ", ".join(sorted(purposes - {TIME_STAMPING}))
        return f"its certificate is for other purposes, too: {others}"
    return "" if found.critical else "the extKeyUsage of its certificate is not critical"


def name_problem(certificate: Certificate, general_name: bytes) -> str:
    """Say why a GeneralName (DER) is none of a certificate's names; "" if it is one."""
    try:
        if general_name in _alternative_names(certificate):
            return ""
        if general_name[0] == _DIRECTORY_NAME:
            name = der.single(general_name, _DIRECTORY_NAME, "tsa").value
            names.check(name, "tsa")
            if names.key(name) == certificate.subject_key:
                return ""
    except InputError as error:
        return f"the name that it gives for its authority cannot be compared ({error})"
    return "the name that it gives for its authority is none of the signer's certificate"


def _alternative_names(certificate: Certificate) -> set[bytes]:
    found = extensions.find(certificate.extensions, extensions.SUBJECT_ALT_NAME)
    if found is None:
        return set()
    place = "subjectAltName"
    whole = der.single(found.value, der.SEQUENCE, place)
    return {each.raw for each in der.elements(whole.value, place)}
