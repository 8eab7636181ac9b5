"""Whether one certificate has issued another: names, identifiers of keys, and the signature."""

from signetd.pki import algorithms, der, keys, names
from signetd.pki.certificate import Certificate
from signetd.pki.report import Name, Notes, Status


class Signatures:
    """Verifies each signature once in a validation, however many paths it is in."""

    def __init__(self, signer_id: bytes) -> None:
        self._signer_id = signer_id
        self._known: dict[tuple[bytes, ...], str] = {}

    def problem(self, child: Certificate, issuer: Certificate) -> str:
        """Say why *issuer* has not signed *child*; "" if it has."""
        return self.problem_of(issuer, child.algorithm, child.tbs, child.signature)

    def problem_of(
        self, issuer: Certificate, algorithm: bytes, data: bytes, signature: bytes
    ) -> str:
        """Say why *signature* of *data* (AlgorithmIdentifier, DER) is not of *issuer*'s key."""
        place = (issuer.spki, algorithm, data, signature)
        if place not in self._known:
            self._known[place] = _problem(*place, self._signer_id)
        return self._known[place]


def _problem(spki: bytes, algorithm: bytes, data: bytes, signature: bytes, signer_id: bytes) -> str:
    try:
        how, key = algorithms.scheme(algorithm), keys.read(spki)
        if algorithms.verify(how, key, data, signature, signer_id):
            return ""
    except algorithms.UnsupportedError as error:
        return str(error)
    except keys.KeyProblem as error:
        return f"the issuer's key cannot be used: {error}"
    other_id = "; or the CA signs with another ID than the policy's" if key.kind == "sm2" else ""
    return f"it is not signed by the issuer's key, or was altered since{other_id}"


def check(notes: Notes, issuer: Certificate, signatures: Signatures) -> None:
    """Look at how the certificate of *notes* fits to *issuer*."""
    child = notes.certificate
    _names(notes, child, issuer)
    _identifiers(notes, child, issuer)
    problem = signatures.problem(child, issuer)
    notes.judge(Name.SIGNATURE, not problem, f"signed by the key of {issuer.name}", problem)


def same_name(child: Certificate, issuer: Certificate) -> bool:
    """Say whether *issuer* has the name that *child* gives for its issuer."""
    return child.issuer_key == issuer.subject_key


def identifier_problem(child: Certificate, issuer: Certificate) -> str:
    """Say how the identifiers of keys contradict each other; "" if they do not."""
    said = child.authority_key_id
    if said is None:
        return ""
    if said.key_id is not None and issuer.subject_key_id not in (None, said.key_id):
        return "the issuer's key has another identifier than the one that is named"
    if said.serial is not None and said.serial != issuer.serial:
        return "the issuer's certificate has another serial number than the one that is named"
    if said.issuer is not None and not _is_issued_by(issuer, said.issuer):
        return "the issuer's certificate is by another CA than the one that is named"
    return ""


def _is_issued_by(issuer: Certificate, general_names: bytes) -> bool:
    found = directory_names(general_names)
    return not found or issuer.issuer_key in {names.key(each) for each in found}


def directory_names(general_names: bytes) -> list[bytes]:
    """Return those of GeneralNames (its content, DER) that are distinguished names."""
    return [each.value for each in der.elements(general_names, "names") if each.tag == 0xA4]


def _names(notes: Notes, child: Certificate, issuer: Certificate) -> None:
    if names.is_empty(child.issuer):
        notes.add(Name.NAME_CHAINING, Status.FAILED, "the issuer has no name")
    elif child.issuer == issuer.subject:
        notes.add(Name.NAME_CHAINING, Status.PASSED, "the names are the same, byte by byte")
    else:
        notes.judge(
            Name.NAME_CHAINING,
            same_name(child, issuer),
            "the names are equal but for case, spaces or string types",
            f"it names another issuer than {issuer.name}",
        )


def _identifiers(notes: Notes, child: Certificate, issuer: Certificate) -> None:
    if child.authority_key_id is None:
        reason = "it does not say which key of the issuer it was signed with"
        notes.add(Name.KEY_IDENTIFIERS, Status.NOT_CHECKED, reason)
        return
    problem = identifier_problem(child, issuer)
    notes.judge(Name.KEY_IDENTIFIERS, not problem, "the identifiers of keys agree", problem)
