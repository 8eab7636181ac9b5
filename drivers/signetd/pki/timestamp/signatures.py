"""Who has signed a token, and whether the signature is over what the token says."""

from collections.abc import Iterable
from typing import Final

from signetd.pki import algorithms, der, keys
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError
from signetd.pki.policy import Policy
from signetd.pki.report import Status
from signetd.pki.timestamp import algorithm, authority, certificate_ids, hashes, signed_data
from signetd.pki.timestamp.report import TokenName, TokenNotes
from signetd.pki.timestamp.token import TimeStampToken

_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_READERS: Final = {
    certificate_ids.V1: certificate_ids.read_v1,
    certificate_ids.V2: certificate_ids.read_v2,
}


def find_signer(token: TimeStampToken, known: Iterable[Certificate]) -> Certificate | None:
    """Find the signer's certificate; of several, the one that the signature has the hash of."""
    named = [each for each in known if token.signer.is_of(each)]
    for each in named:
        if not _certificate_problem(token, each):
            return each
    return named[0] if named else None


def check_content(notes: TokenNotes, token: TimeStampToken) -> None:
    """Look whether the signed attributes are of this content."""
    kind = _single(token.signer, _CONTENT_TYPE, der.OID)
    wrong = kind is None or der.oid(kind, "contentType") != signed_data.TST_INFO
    problem = "the signed attributes do not say that the content is TSTInfo" if wrong else ""
    notes.judge(TokenName.CONTENT_TYPE, problem, "the signed content is TSTInfo")
    _message_digest(notes, token)


def _message_digest(notes: TokenNotes, token: TimeStampToken) -> None:
    found = _single(token.signer, _MESSAGE_DIGEST, der.OCTET_STRING)
    name = token.signer.digest_algorithm
    if name not in hashes.STRONG:
        problem = f"its content is hashed with {name}, which is not accepted"
    elif found is None:
        problem = "the signed attributes have no digest of the content"
    elif found.value != hashes.digest(name, token.signed.digested):
        problem = "the digest in the signed attributes is not that of TSTInfo: it was altered"
    else:
        problem = ""
    notes.judge(TokenName.MESSAGE_DIGEST, problem, f"it is the {name} of TSTInfo")


def check_signer(
    notes: TokenNotes, token: TimeStampToken, signer: Certificate, policy: Policy
) -> None:
    """Look whether *signer* has signed it, and may do so."""
    problem = _certificate_problem(token, signer)
    text = "the signature names this certificate by its hash"
    notes.judge(TokenName.SIGNING_CERTIFICATE, problem, text)
    _signature(notes, token, signer, policy)
    problem = authority.purpose_problem(signer)
    text = "its certificate is for time stamps and nothing else, critical"
    notes.judge(TokenName.PURPOSE, problem, text)
    name = token.content.authority
    if name is None:
        notes.add(TokenName.AUTHORITY_NAME, Status.NOT_CHECKED, "it gives no name")
    else:
        problem = authority.name_problem(signer, name)
        notes.judge(TokenName.AUTHORITY_NAME, problem, "the name that it gives is the signer's")


def _signature(
    notes: TokenNotes, token: TimeStampToken, signer: Certificate, policy: Policy
) -> None:
    info = token.signer
    try:
        key = keys.read(signer.spki)
        how = algorithm.scheme(info.algorithm, info.digest_algorithm, key)
        signed = token.signed.digested if info.signed_attributes is None else info.signed_attributes
        holds = algorithms.verify(how, key, signed, info.signature, policy.signer_id)
    except (algorithms.UnsupportedError, keys.KeyProblem) as error:
        notes.add(TokenName.ALGORITHM, Status.FAILED, str(error))
        notes.add(TokenName.SIGNATURE, Status.NOT_CHECKED, "the algorithm cannot be used")
        return
    problem = "" if how.name in policy.algorithms else f"{how.name} is not accepted"
    notes.judge(TokenName.ALGORITHM, problem, f"it is signed with {how.name}")
    wrong = "it is not signed by the key of its certificate, or was altered since"
    text = f"it is signed by the key of {signer.name}"
    notes.judge(TokenName.SIGNATURE, "" if holds else wrong, text)


def _certificate_problem(token: TimeStampToken, certificate: Certificate) -> str:
    problems = []
    for kind, read in _READERS.items():
        if kind in token.signer.attributes:
            value = _single(token.signer, kind, der.SEQUENCE)
            if value is None:
                return "the attribute that names its certificate does not have one value"
            try:
                problems.append(read(value.raw).problem(certificate))
            except InputError as error:
                return str(error)
    if not problems:
        return "no signed attribute names its certificate, so that it could be exchanged"
    return next(filter(None, problems), "")


def _single(signer: signed_data.SignerInfo, kind: str, tag: int) -> der.Element | None:
    """Return the one value of a signed attribute; None if there is none, or of another kind."""
    values = signer.attributes.get(kind, ())
    if len(values) != 1 or values[0][0] != tag:
        return None
    return der.single(values[0], tag, "signed attribute")
