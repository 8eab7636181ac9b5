"""Where the standards ask for each check.

For GM/T 0031-2014 the clause and its step; for the others the clause, or the procedure, with the
step where it is known.
"""

from typing import Final

from signetd.seal.model import Format
from signetd.seal.report import Rules

_SEAL_2014: Final = {
    "FORMAT": "a",
    "VERSION": "a",
    "SIGNATURE_ALGORITHM": "b",
    "SEAL_SIGNATURE": "b",
    "MAKER_CERTIFICATE": "c",
    "MAKER_VALIDITY": "c",
    "MAKER_REVOCATION": "c",
    "MAKER_KEY_USAGE": "c",
    "SEAL_VALIDITY": "d",
}
_SEAL_2025: Final = {
    "FORMAT": "a",
    "VERSION": "a",
    "SIGNATURE_ALGORITHM": "b",
    "SEAL_SIGNATURE": "b",
    "CREATE_TIME": "c",
    "MAKER_CERTIFICATE": "d",
    "MAKER_VALIDITY": "d",
    "MAKER_REVOCATION": "d",
    "MAKER_KEY_USAGE": "d",
    "SEAL_VALIDITY": "e",
    "SEAL_TIMESTAMP": "f",
}
_STAMP_2014: Final = {
    "FORMAT": "6.2.3 a",
    "STAMP_VERSION": "6.2.3 a",
    "STAMP_ALGORITHM": "6.2.3 b",
    "STAMP_SIGNATURE": "6.2.3 b",
    "SIGNER_IN_SEAL": "6.2.2 c",
    "SIGNER_CERTIFICATE": "6.2.3 c",
    "SIGNER_KEY_USAGE": "6.2.3 c",
    "SIGNER_VALIDITY": "6.2.3 c and d",
    "SIGNER_REVOCATION": "6.2.3 c and d",
    "DOCUMENT_DIGEST": "6.2.3 e",
    "SIGNING_TIME": "6.2.3 d and f",
    "STAMP_TIMESTAMP": "6.2.3 d",
}
_OF_RULES: Final = ("MAKER_VALIDITY", "MAKER_REVOCATION")
"""Those in which the two rules differ."""
_ELSEWHERE: Final = {
    "SEAL_EXTENSIONS": "ExtData, critical",
    "STAMP_EXTENSIONS": "ExtData, critical",
    "MAKER_TRUSTED": "the verifier's own policy",
    "SEAL_STATUS": "电子印章管理办法 (国办发〔2025〕33号): status query service",
}
"""Those that are no steps of a procedure."""
_NEW: Final = ("CREATE_TIME", "SEAL_TIMESTAMP")
"""Those that GM/T 0031-2025 alone asks for; made for all formats."""
_FORMS: Final = {
    "seal": "GM/T 0031-2014, 6.1.2 a; GB/T 38540-2020, 6; GM/T 0031-2025",
    "stamp": "GM/T 0031-2014, 6.2.3 a; GB/T 38540-2020, 7; GM/T 0031-2025",
}


def clause(name: str, about: str, form: Format | None, rules: Rules) -> str:
    """Return where the check *name* of a seal or stamp of that format is asked for."""
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    if form is None:
        return _FORMS["seal" if about == "seal" else "stamp"]
    if about == "seal":
        return _of_seal(name, form, rules)
    return _of_stamp(name, form)


def _of_seal(name: str, form: Format, rules: Rules) -> str:
    if name in _OF_RULES:
        # The rules are what decides there, whatever the format.
        if rules is Rules.GMT_0031_2025:
            form = Format.V5
        elif form is Format.V5:
            form = Format.V4
    if form is Format.V5 or name in _NEW:
        return f"GM/T 0031-2025, verification of a seal, {_SEAL_2025[name]}"
    if form is Format.V4:
        return "GB/T 38540-2020, 6 (verification of a seal)"
    return f"GM/T 0031-2014, 6.1.2 {_SEAL_2014[name]}"


def _of_stamp(name: str, form: Format) -> str:
    if form is Format.V4:
        return "GB/T 38540-2020, 7 (verification of a stamp)"
    if form is Format.V5:
        return "GM/T 0031-2025, verification of a stamp"
    return f"GM/T 0031-2014, {_STAMP_2014[name]}"
