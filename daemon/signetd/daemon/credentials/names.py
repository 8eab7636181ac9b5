"""The name in a certificate: SAN URI, else SAN DNS name, else common name."""

import unicodedata
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from signetd.daemon.policy.types import Credential
from signetd.drivers.errors import Reason, SignetError

_MOST_CHARACTERS: Final = 255
# Control characters, invisible ones that change how the rest is shown, halves of characters, and
# line ends: a name with one of them is not what an administrator sees in a list or a log.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KINDS: Final = {
    Credential.URI: "SAN URI",
    Credential.DNS: "SAN DNS name",
    Credential.COMMON_NAME: "common name",
}


def name_in(certificate: x509.Certificate) -> tuple[str, Credential]:
    """Return the name that a certificate gives to its holder, and of which kind it is.

    Two names of the deciding kind would leave open who is calling, so they are refused. Raises
    SignetError IDENTITY_MISSING, and what cryptography raises for a malformed extension.
    """
    for credential, names in _names(certificate).items():
        if len(names) > 1:
            raise _refused(credential, f"has {len(names)} names of the kind {{}}")
        if names:
            return _checked(names[0], credential), credential
    raise SignetError(
        Reason.IDENTITY_MISSING,
        "The client certificate has no SAN URI, SAN DNS name or common name; use one that has.",
    )


def _checked(name: str, credential: Credential) -> str:
    if not name:
        raise _refused(credential, "has an empty {}")
    if len(name) > _MOST_CHARACTERS:
        raise _refused(credential, f"has a {{}} of more than {_MOST_CHARACTERS} characters")
    if any(unicodedata.category(each) in _HIDDEN for each in name):
        raise _refused(credential, "has a {} with control characters or invisible ones")
    return name


def _refused(credential: Credential, finding: str) -> SignetError:
    kind = _KINDS[credential]
    return SignetError(
        Reason.IDENTITY_MISSING,
        f"The client certificate {finding.format(kind)}, so its identity is not clear; use one "
        f"with a single {kind} of 1 to {_MOST_CHARACTERS} characters that can be seen.",
    )


def _names(certificate: x509.Certificate) -> dict[Credential, list[str]]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        alternative = x509.GeneralNames([])
    else:
        alternative = x509.GeneralNames(extension.value)
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return {
        Credential.URI: alternative.get_values_for_type(x509.UniformResourceIdentifier),
        Credential.DNS: alternative.get_values_for_type(x509.DNSName),
        Credential.COMMON_NAME: [str(attribute.value) for attribute in common],
    }
