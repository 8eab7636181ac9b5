"""The signatures of seals and stamps: SM2 with SM3, over the bytes as they stand."""

from cryptography.exceptions import InvalidSignature

from signetd.gm import encoding, oids, sm2
from signetd.pki import Certificate
from signetd.pki.keys import KeyProblem
from signetd.pki.keys import read as read_key
from signetd.seal.verify_findings import Finding, failed, not_checked, passed, warning


def check_algorithm(algorithm: str) -> Finding:
    """Look whether the named algorithm is the one that the standards allow."""
    if algorithm == oids.SM2_WITH_SM3:
        return passed("SM2 with SM3", "SM2 与 SM3")
    return failed(
        f"the algorithm is {algorithm}; the standard allows {oids.SM2_WITH_SM3} only, "
        "which is SM2 with SM3",
        f"签名算法为 {algorithm}，标准只允许 SM2 与 SM3（{oids.SM2_WITH_SM3}）",
    )


def check_signature(
    certificate: Certificate | None, algorithm: str, data: bytes, signature: bytes, signer_id: bytes
) -> Finding:
    """Verify *signature* (SEQUENCE { r, s }) of *data* by the key of *certificate*.

    Raises signetd.gm.backend.NoBackendError where nothing on this host verifies SM2.
    """
    if algorithm != oids.SM2_WITH_SM3:
        return not_checked("the algorithm is not SM2 with SM3", "签名算法不是 SM2 与 SM3，未检查")
    if certificate is None:
        return failed("the certificate with its key cannot be read", "证书无法解析，没有公钥可用")
    try:
        key = read_key(certificate.spki)
    except KeyProblem as error:
        return failed(
            f"the certificate's key cannot be used: {error}", f"证书中的公钥不可用（{error}）"
        )
    if not isinstance(key.key, sm2.Sm2PublicKey):
        return failed(
            f"the certificate's key is {key.kind}, not SM2", f"证书公钥为 {key.kind}，不是 SM2"
        )
    return _verified(key.key, data, signature, signer_id)


def _verified(key: sm2.Sm2PublicKey, data: bytes, signature: bytes, signer_id: bytes) -> Finding:
    try:
        raw = encoding.normalise(signature, 32, "der", sm2.N)
    except ValueError as error:
        return failed(
            f"it cannot be read: {error}", f"签名值无法解析，应为 SEQUENCE {{ r, s }}（{error}）"
        )
    try:
        sm2.verify(key, data, raw, signer_id)
    except InvalidSignature:
        return failed(
            "the signature is not of this key and these bytes: altered since, or signed with "
            "another signer ID",
            "签名值验证不通过：数据被改动，或签名时使用了其他用户标识",
        )
    if encoding.raw_to_der(raw) == signature:
        return passed("it verifies with the certificate's key", "签名值验证通过")
    # r and s are the same numbers, and SM2 has no second pair for the same signature; but the
    # bytes could be others, so that they identify nothing.
    return warning(
        "it verifies, but r and s are not written in DER: superfluous or missing zeros",
        "签名值验证通过，但 r、s 的编码不符合 DER（多余或缺少前导零）",
    )
