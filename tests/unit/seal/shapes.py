"""Seals and stamps put together from bytes, part by part, without the code that is tested.

Every part is a keyword with a good value, so that a test replaces the one that it is about.
"""

import hashlib

SM2_WITH_SM3 = bytes.fromhex("06082a811ccf55018375")
CERTIFICATE = bytes.fromhex("3003020105")
"""Certificates are not looked into here."""
SIGNATURE = bytes.fromhex("3006020103020104")
TOKEN = bytes.fromhex("300506032a0304")
HASH = hashlib.sha256(b"the protected original").digest()
PNG = b"\x89PNG\r\n\x1a\n"


def tlv(tag: int, *contents: bytes) -> bytes:
    """Return an element, by arithmetic of its own."""
    content = b"".join(contents)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    hexadecimal = f"{size:x}"
    length = bytes.fromhex(hexadecimal.zfill(len(hexadecimal) + len(hexadecimal) % 2))
    return bytes([tag, 0x80 + len(length)]) + length + content


def seq(*contents: bytes) -> bytes:
    return tlv(0x30, *contents)


def num(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(1 + value.bit_length() // 8))


def bits(content: bytes) -> bytes:
    return tlv(0x03, b"\x00", content)


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def ia5(text: str) -> bytes:
    return tlv(0x16, text.encode())


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def gtime(text: str) -> bytes:
    return tlv(0x18, text.encode())


def utime(text: str) -> bytes:
    return tlv(0x17, text.encode())


def tagged(*contents: bytes) -> bytes:
    return tlv(0xA0, *contents)


def extension(value: bytes = b"value", critical: bytes = b"", oid: str = "2a0304") -> bytes:
    return seq(tlv(0x06, bytes.fromhex(oid)), critical, octets(value))


def header(mark: str = "ES", version: bytes | None = None, vendor: str = "Maker") -> bytes:
    return seq(ia5(mark), num(4) if version is None else version, ia5(vendor))


def properties(
    *,
    kind: bytes = num(1),
    name: bytes = utf8("测试专用章"),
    list_type: bytes = num(1),
    owners: bytes = seq(octets(CERTIFICATE)),
    created: bytes = gtime("20260701000000Z"),
    start: bytes = gtime("20260702000000Z"),
    until: bytes = gtime("20310702000000Z"),
    more: bytes = b"",
) -> bytes:
    return seq(kind, name, list_type, owners, created, start, until, more)


def properties_v1(**parts: bytes) -> bytes:
    """Return those of GM/T 0031-2014: no type of the list, and UTCTime."""
    times = {
        "created": utime("190101000000Z"),
        "start": utime("190102000000Z"),
        "until": utime("290102000000Z"),
    }
    return properties(**{"list_type": b"", **times, **parts})


def picture(
    kind: bytes = ia5("PNG"),
    data: bytes = octets(PNG),
    width: bytes = num(42),
    height: bytes = num(43),
) -> bytes:
    return seq(kind, data, width, height)


def info(
    *,
    head: bytes | None = None,
    seal_id: bytes = ia5("33010620260701"),
    props: bytes | None = None,
    image: bytes | None = None,
    extensions: bytes = b"",
) -> bytes:
    return seq(
        header() if head is None else head,
        seal_id,
        properties() if props is None else props,
        picture() if image is None else image,
        extensions,
    )


def info_v5(**parts: bytes) -> bytes:
    return info(**{"head": header(version=num(5)), **parts})


def info_v1(**parts: bytes) -> bytes:
    return info(**{"head": header(version=num(1)), "props": properties_v1(), **parts})


def seal(
    inner: bytes | None = None,
    *,
    certificate: bytes = octets(CERTIFICATE),
    algorithm: bytes = SM2_WITH_SM3,
    signature: bytes = bits(SIGNATURE),
    token: bytes = b"",
) -> bytes:
    return seq(info() if inner is None else inner, certificate, algorithm, signature, token)


def seal_v1(
    inner: bytes | None = None,
    *,
    certificate: bytes = octets(CERTIFICATE),
    algorithm: bytes = SM2_WITH_SM3,
    signature: bytes = bits(SIGNATURE),
) -> bytes:
    return seq(info_v1() if inner is None else inner, seq(certificate, algorithm, signature))


def to_sign(
    *,
    version: bytes = num(4),
    eseal: bytes | None = None,
    time: bytes = gtime("20260801020304Z"),
    data_hash: bytes = bits(HASH),
    property_info: bytes = ia5("/Doc_0/Signs/Sign_0/Signature.xml"),
    more: bytes = b"",
) -> bytes:
    whole = seal() if eseal is None else eseal
    return seq(version, whole, time, data_hash, property_info, more)


def to_sign_v1(
    *, certificate: bytes = octets(CERTIFICATE), algorithm: bytes = SM2_WITH_SM3, **parts: bytes
) -> bytes:
    time = bits(b"2020-01-25T07:31:56.377Z")
    own = {"version": num(1), "eseal": seal_v1(), "time": time}
    return to_sign(**{**own, "more": certificate + algorithm, **parts})


def stamp(
    inner: bytes | None = None,
    *,
    certificate: bytes = octets(CERTIFICATE),
    algorithm: bytes = SM2_WITH_SM3,
    signature: bytes = bits(SIGNATURE),
    token: bytes = b"",
) -> bytes:
    return seq(to_sign() if inner is None else inner, certificate, algorithm, signature, token)


def stamp_v1(inner: bytes | None = None, signature: bytes = bits(SIGNATURE)) -> bytes:
    return seq(to_sign_v1() if inner is None else inner, signature)
