"""Seals and stamps of every format, made without the code that is tested; openssl signs them."""

import datetime
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from signetd.gm import sm3
from signetd.pki import Certificate, Revocation, TrustStore
from signetd.seal import Format
from signetd.seal.circumstances import Circumstances
from signetd.seal.report import Report, Rules
from signetd.seal.verify import verify_seal, verify_stamp
from tests import tsa
from tests.unit.pki import evidence, forest, holders, making
from tests.unit.pki.forest import Entity
from tests.unit.pki.making import DAY, NOW
from tests.unit.seal import shapes
from tests.unit.seal.shapes import bits, ia5, num, octets, seq

Life = tuple[datetime.datetime, datetime.datetime]
Sign = Callable[[bytes], bytes]
"""From the bytes that are to be signed to the signature."""
DOCUMENT: Final = sm3.sm3(b"the protected original")
YEARS: Final[Life] = (NOW - 3000 * DAY, NOW + 3000 * DAY)
"""How long CAs live here, so that their dates are in nobody's way."""
MADE: Final = NOW - 60 * DAY
SIGNED: Final = NOW - 30 * DAY
SEAL_LIFE: Final[Life] = (NOW - 50 * DAY, NOW + 300 * DAY)
LIFE: Final[Life] = (NOW - 100 * DAY, NOW + 100 * DAY)
"""Of the certificates of the maker and the owner."""
SIGNING: Final = making.usage("digital_signature", "content_commitment")


def gtime(moment: datetime.datetime) -> bytes:
    return shapes.gtime(moment.strftime("%Y%m%d%H%M%SZ"))


def utime(moment: datetime.datetime) -> bytes:
    return shapes.utime(moment.strftime("%y%m%d%H%M%SZ"))


class House:
    """A CA with its root; issues certificates to makers and owners."""

    def __init__(self, name: str, kind: str = "sm2") -> None:
        self.root = forest.root(kind, f"{name} root", f"{name} root", life=YEARS)
        self.ca = self.root.ca(f"{name} ca", life=YEARS)

    def store(self) -> TrustStore:
        return TrustStore(self.root.common_name, [Certificate.read(self.root.der)])

    def holder(self, name: str, *, kind: str = "sm2", **changes: Any) -> Entity:
        key = holders.key(kind, name)
        return self.ca.leaf(name, key, **{"life": LIFE, "given": (SIGNING,), **changes})

    def lists(self, *revoked: evidence.Revoked, life: Life = (NOW - DAY, NOW + DAY)) -> list[bytes]:
        """Return the lists of the root and of the CA."""
        return [
            evidence.revocation_list(self.root.name, self.root.key, life=life),
            evidence.revocation_list(self.ca.name, self.ca.key, revoked, life=life),
        ]


@functools.cache
def makers() -> House:
    return House("makers")


@functools.cache
def owners() -> House:
    return House("owners")


@functools.cache
def authorities() -> House:
    return House("authorities")


@functools.cache
def maker() -> Entity:
    return makers().holder("maker")


@functools.cache
def owner() -> Entity:
    return owners().holder("owner")


@functools.cache
def authority() -> Entity:
    given = (making.usage("digital_signature"), tsa.purpose())
    return authorities().holder("authority", given=given)


def sign_by(entity: Entity, signer_id: bytes = holders.ID) -> Sign:
    return lambda data: holders.sign(entity.key, data, signer_id=signer_id)


def token(
    data: bytes, at: datetime.datetime, by: Entity | None = None, used: str = "sm3", **more: Any
) -> bytes:
    """Return a time stamp of *data*."""
    imprint = seq(bytes.fromhex(tsa.HASHES[used]), octets(tsa.digest(used, data)))
    content = tsa.tst_info(7, imprint=imprint, at=at, **more)
    signer, chain = by or authority(), (authorities().ca,)
    # The name of the issuer is written here, for tests.tsa knows its own authority's only.
    return tsa.signed(content, signer, chain, by_key=True)


@dataclass(frozen=True)
class SealPlan:
    """What a seal is made of; every part is a good one unless a test says otherwise."""

    form: Format = Format.V4
    maker: Entity | None = None
    certificate: bytes | None = None
    owners: Sequence[Entity] | None = None
    owner_list: tuple[bytes, bytes] | None = None
    """certListType and certList."""
    made: datetime.datetime = MADE
    life: Life = SEAL_LIFE
    version: int | None = None
    algorithm: bytes = shapes.SM2_WITH_SM3
    extensions: bytes = b""
    sign: Sign | None = None
    stamped: datetime.datetime | None = None
    """When it was time-stamped."""
    token: Callable[[bytes], bytes] | None = None
    """From the signature to the time stamp."""

    def der(self) -> bytes:
        maker_ = self.maker or maker()
        certificate = maker_.der if self.certificate is None else self.certificate
        info = self._info()
        signed = info
        if self.form is Format.V1:
            signed = seq(info, octets(certificate), self.algorithm)
        signature = (self.sign or sign_by(maker_))(signed)
        parts = octets(certificate), self.algorithm, bits(signature)
        if self.form is Format.V1:
            return seq(info, seq(*parts))
        return seq(info, *parts, self._token(signature))

    def _info(self) -> bytes:
        number = self.form.value if self.version is None else self.version
        time = utime if self.form is Format.V1 else gtime
        given = self.owners if self.owners is not None else (owner(),)
        kind, listed = self.owner_list or (num(1), seq(*(octets(each.der) for each in given)))
        props = shapes.properties(
            list_type=b"" if self.form is Format.V1 else kind,
            owners=listed,
            created=time(self.made),
            start=time(self.life[0]),
            until=time(self.life[1]),
        )
        head = shapes.header(version=num(number))
        extensions = self.extensions
        if extensions and self.form is Format.V1:
            extensions = shapes.tagged(extensions)
        return shapes.info(head=head, props=props, extensions=extensions)

    def _token(self, signature: bytes) -> bytes:
        if self.token is not None:
            return shapes.tagged(bits(self.token(signature)))
        if self.stamped is not None:
            return shapes.tagged(bits(token(signature, self.stamped)))
        return b""


@dataclass(frozen=True)
class StampPlan:
    """What a stamp is made of."""

    seal: SealPlan | bytes = SealPlan()
    form: Format | None = None
    signer: Entity | None = None
    certificate: bytes | None = None
    time: datetime.datetime = SIGNED
    time_info: bytes | None = None
    version: int | None = None
    data_hash: bytes = DOCUMENT
    algorithm: bytes = shapes.SM2_WITH_SM3
    extensions: bytes = b""
    sign: Sign | None = None
    stamped: datetime.datetime | None = None
    token: Callable[[bytes], bytes] | None = None

    def der(self) -> bytes:
        signer = self.signer or owner()
        certificate = signer.der if self.certificate is None else self.certificate
        inner = self._to_sign(certificate)
        signature = (self.sign or sign_by(signer))(inner)
        if self._form is Format.V1:
            return seq(inner, bits(signature))
        return seq(
            inner, octets(certificate), self.algorithm, bits(signature), self._token(signature)
        )

    @property
    def _form(self) -> Format:
        if self.form is not None:
            return self.form
        assert isinstance(self.seal, SealPlan), "a seal of bytes needs the form"
        return self.seal.form

    def _to_sign(self, certificate: bytes) -> bytes:
        number = self._form.value if self.version is None else self.version
        seal = self.seal if isinstance(self.seal, bytes) else self.seal.der()
        is_v1 = self._form is Format.V1
        text = bits(self.time.strftime("%Y-%m-%dT%H:%M:%SZ").encode())
        time = self.time_info or (text if is_v1 else gtime(self.time))
        more = octets(certificate) + self.algorithm if is_v1 else b""
        extensions = shapes.tagged(self.extensions) if self.extensions else b""
        place = ia5("/Doc_0/Signs/Sign_0/Signature.xml")
        return seq(num(number), seal, time, bits(self.data_hash), place, more, extensions)

    def _token(self, signature: bytes) -> bytes:
        if self.token is not None:
            return shapes.tagged(bits(self.token(signature)))
        if self.stamped is not None:
            return shapes.tagged(bits(token(signature, self.stamped)))
        return b""


def circumstances(**changes: Any) -> Circumstances:
    """Return those in which everything that is made here by default is good."""
    given: dict[str, Any] = {
        "rules": Rules.GBT_38540,
        "at": NOW,
        "makers": makers().store(),
        "signers": owners().store(),
        "time_authorities": authorities().store(),
        "others": [each.ca.der for each in (makers(), owners(), authorities())],
        "revocation": Revocation.IGNORED,
    }
    return Circumstances(**(given | changes))


def judged(made: SealPlan | StampPlan, digest: bytes | None = DOCUMENT, **changes: Any) -> Report:
    """Make it, and verify it from its bytes."""
    given = circumstances(**changes)
    if isinstance(made, SealPlan):
        return verify_seal(made.der(), given)
    return verify_stamp(made.der(), given, digest)


def later(moment: datetime.datetime, days: int) -> datetime.datetime:
    return moment + timedelta(days=days)


@functools.cache
def stamp_once() -> bytes:
    """Return a good stamp of version 4, the same one within a process."""
    return StampPlan().der()


@functools.cache
def seal_once() -> bytes:
    """Return a good seal of version 4, the same one within a process."""
    return SealPlan().der()
