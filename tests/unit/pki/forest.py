"""Chains of root, intermediate and leaf, good ones and bad ones, for each kind of key."""

import functools
import itertools
from dataclasses import dataclass, field, replace
from typing import Any, Final

from signetd.pki import Name
from tests.unit.pki import holders, making
from tests.unit.pki.holders import Key
from tests.unit.pki.making import DAY, NOW, Extension

_serials = itertools.count(1000)
CA_USAGE: Final = making.usage("key_cert_sign", "crl_sign")
LEAF_USAGE: Final = making.usage("digital_signature", "content_commitment")


@dataclass(frozen=True)
class Entity:
    """A holder of a certificate."""

    common_name: str
    key: Key
    der: bytes
    serial: int

    @property
    def name(self) -> bytes:
        return making.name(self.common_name)

    @property
    def pem(self) -> bytes:
        return making.pem(self.der)

    def ca(self, common_name: str, key: Key | None = None, **changes: Any) -> "Entity":
        """Issue a certificate of a CA."""
        given = changes.pop("given", None) or (making.basic(ca=True), CA_USAGE)
        return self.issue(common_name, key, given=given, **changes)

    def leaf(self, common_name: str = "leaf", key: Key | None = None, **changes: Any) -> "Entity":
        """Issue a certificate for signatures."""
        given = changes.pop("given", None) or (
            LEAF_USAGE,
            making.purposes(making.CLIENT_AUTH, making.EMAIL),
            making.alt_name(),
        )
        return self.issue(common_name, key, given=given, **changes)

    def issue(
        self, common_name: str, key: Key | None, given: tuple[Extension, ...], **changes: Any
    ) -> "Entity":
        holder = key or holders.key(self.key.kind, common_name)
        own = making.authority_id(self.key.identifier)
        ids = (making.key_id(holder), changes.pop("authority_id", own))
        defaults: dict[str, Any] = {"issuer": self.name, "signer": self.key}
        return _entity(common_name, holder, given=(*given, *ids), **(defaults | changes))


def _entity(
    common_name: str,
    holder: Key,
    issuer: bytes,
    signer: Key,
    given: tuple[Extension, ...],
    **changes: Any,
) -> Entity:
    serial = changes.pop("serial", None) or next(_serials)
    subject = making.name(common_name)
    der = making.certificate(subject, holder, issuer, signer, given, serial=serial, **changes)
    return Entity(common_name, holder, der, serial)


def root(kind: str, common_name: str = "root", label: str = "root", **changes: Any) -> Entity:
    """Make a root certificate."""
    key, name = holders.key(kind, label), making.name(common_name)
    given = (*(changes.pop("given", None) or (making.basic(ca=True), CA_USAGE)), making.key_id(key))
    return _entity(common_name, key, name, key, given, **changes)


@dataclass(frozen=True)
class Case:
    """A chain, and the checks that must fail, with the place of the certificate in the path.

    *openssl* and *library* say what the openssl command and cryptography's verifier must find;
    None where they do not look, or look at something else.
    """

    label: str
    end: Entity
    others: tuple[Entity, ...]
    roots: tuple[Entity, ...]
    fails: frozenset[tuple[Name, int]] = frozenset()
    openssl: bool | None = None
    library: bool | None = None
    policy: dict[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def expects(self) -> bool:
        return not self.fails


class Maker:
    """Makes the cases for a kind of key."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.root = root(kind)
        self.ca = self.root.ca("ca")
        self.leaf = self.ca.leaf()

    def good(self, label: str, end: Entity | None = None, *others: Entity, **more: Any) -> Case:
        """Return a case that must hold, everywhere unless said otherwise."""
        defaults: dict[str, Any] = {"openssl": True, "library": True, "roots": (self.root,)}
        end, others = end or self.leaf, others or (self.ca,)
        return Case(label, end, others, **(defaults | more))

    def bad(
        self, label: str, fails: tuple[Name, int], end: Entity, *others: Entity, **more: Any
    ) -> Case:
        """Return a case that must fail in one check, everywhere unless said otherwise."""
        defaults: dict[str, Any] = {"openssl": False, "library": False}
        also = more.pop("also", ())
        case = self.good(label, end, *others, **(defaults | more))
        return replace(case, fails=frozenset({fails, *also}))


OLD: Final = (NOW - 300 * DAY, NOW - 200 * DAY)
LATER: Final = (NOW + 10 * DAY, NOW + 20 * DAY)


@functools.cache
def maker(kind: str) -> Maker:
    """Return the maker for a kind; one within a process."""
    return Maker(kind)
