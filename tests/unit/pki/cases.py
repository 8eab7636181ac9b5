"""The forest: what each chain must come out as, here and elsewhere."""

import functools
from collections.abc import Callable
from typing import Final

from signetd.pki import Name
from tests.unit.pki import holders, making
from tests.unit.pki.forest import CA_USAGE, LATER, LEAF_USAGE, OLD, Case, Maker, maker, root

UNKNOWN: Final = ("1.3.6.1.4.1.55555.1", True, b"\x05\x00")
LIMIT: Final = (making.basic(ca=True, length=0), CA_USAGE)
SERVERS: Final = making.purposes(making.SERVER_AUTH)
_LAX: Final = {"library": None}

_makers: dict[str, Callable[[Maker], Case]] = {}


def _case(make: Callable[[Maker], Case]) -> Callable[[Maker], Case]:
    _makers[make.__name__.strip("_")] = make
    return make


@functools.cache
def case(kind: str, label: str) -> Case:
    """Return a case; it is made when it is first asked for."""
    return _makers[label](maker(kind))


@_case
def _good(m: Maker) -> Case:
    return m.good("good")


@_case
def _directly_below_the_root(m: Maker) -> Case:
    return m.good("direct", m.root.leaf("direct"), m.ca)


@_case
def _expired_leaf(m: Maker) -> Case:
    return m.bad("expired leaf", (Name.VALIDITY, 0), m.ca.leaf(life=OLD))


@_case
def _leaf_not_yet_valid(m: Maker) -> Case:
    return m.bad("early leaf", (Name.VALIDITY, 0), m.ca.leaf(life=LATER))


@_case
def _expired_intermediate(m: Maker) -> Case:
    ca = m.root.ca("old ca", life=OLD)
    return m.bad("expired ca", (Name.VALIDITY, 1), ca.leaf(), ca)


@_case
def _expired_root(m: Maker) -> Case:
    top = root(m.kind, life=OLD)
    return m.bad("expired root", (Name.VALIDITY, 2), m.leaf, m.ca, roots=(top,))


@_case
def _other_issuer(m: Maker) -> Case:
    leaf = m.ca.leaf(issuer=making.name("nobody"))
    return m.bad("other issuer", (Name.TRUST_ANCHOR, 0), leaf)


@_case
def _forged_leaf(m: Maker) -> Case:
    leaf = m.ca.leaf(signer=holders.key(m.kind, "forger"))
    return m.bad("forged leaf", (Name.SIGNATURE, 0), leaf)


@_case
def _forged_intermediate(m: Maker) -> Case:
    ca = m.root.ca("forged ca", signer=holders.key(m.kind, "forger"))
    return m.bad("forged ca", (Name.SIGNATURE, 1), ca.leaf(), ca)


@_case
def _self_signed_not_in_store(m: Maker) -> Case:
    other = root(m.kind, "other root", "other")
    ca = other.ca("other ca")
    return m.bad("unknown root", (Name.TRUST_ANCHOR, 0), ca.leaf(), ca, other)


@_case
def _self_signed_leaf(m: Maker) -> Case:
    given = (making.basic(ca=False), LEAF_USAGE, making.alt_name())
    leaf = root(m.kind, "alone", "alone", given=given)
    return m.bad("self-signed leaf", (Name.TRUST_ANCHOR, 0), leaf)


@_case
def _issuer_is_no_ca(m: Maker) -> Case:
    ca = m.root.ca("no ca", given=(making.basic(ca=False), CA_USAGE))
    return m.bad("no CA", (Name.BASIC_CONSTRAINTS, 1), ca.leaf(), ca)


@_case
def _issuer_without_constraints(m: Maker) -> Case:
    ca = m.root.ca("no constraints", given=(CA_USAGE,))
    # openssl takes keyCertSign alone for a CA, unless it is told to be strict.
    more = {"options": ("-x509_strict",)}
    return m.bad("no constraints", (Name.BASIC_CONSTRAINTS, 1), ca.leaf(), ca, **more)


@_case
def _issuer_without_key_cert_sign(m: Maker) -> Case:
    ca = m.root.ca("no sign", given=(making.basic(ca=True), making.usage("crl_sign")))
    return m.bad("no keyCertSign", (Name.KEY_USAGE, 1), ca.leaf(), ca)


@_case
def _leaf_of_a_leaf(m: Maker) -> Case:
    below = m.leaf.leaf("below")
    more = {"also": [(Name.KEY_USAGE, 1)]}
    return m.bad("leaf of a leaf", (Name.BASIC_CONSTRAINTS, 1), below, m.leaf, m.ca, **more)


@_case
def _path_too_long(m: Maker) -> Case:
    top = m.root.ca("top", given=LIMIT)
    ca = top.ca("below top")
    return m.bad("too long", (Name.PATH_LENGTH, 2), ca.leaf(), ca, top)


@_case
def _path_just_short_enough(m: Maker) -> Case:
    top = m.root.ca("top", given=LIMIT)
    return m.good("short enough", top.leaf(), top)


@_case
def _usage_wrong(m: Maker) -> Case:
    leaf = m.ca.leaf(given=(making.usage("key_encipherment"), making.alt_name()))
    return m.bad("usage", (Name.KEY_USAGE, 0), leaf, **_LAX)


@_case
def _purpose_wrong(m: Maker) -> Case:
    leaf = m.ca.leaf(given=(LEAF_USAGE, SERVERS, making.alt_name()))
    return m.bad("purpose", (Name.EXTENDED_KEY_USAGE, 0), leaf)


@_case
def _purpose_of_the_ca_wrong(m: Maker) -> Case:
    ca = m.root.ca("for servers", given=(making.basic(ca=True), CA_USAGE, SERVERS))
    return m.bad("purpose of ca", (Name.EXTENDED_KEY_USAGE, 1), ca.leaf(), ca)


@_case
def _unknown_critical_in_leaf(m: Maker) -> Case:
    leaf = m.ca.leaf(given=(LEAF_USAGE, making.alt_name(), UNKNOWN))
    return m.bad("critical", (Name.CRITICAL_EXTENSIONS, 0), leaf)


@_case
def _unknown_critical_in_ca(m: Maker) -> Case:
    ca = m.root.ca("odd ca", given=(making.basic(ca=True), CA_USAGE, UNKNOWN))
    return m.bad("critical in ca", (Name.CRITICAL_EXTENSIONS, 1), ca.leaf(), ca)


@_case
def _unknown_extension_that_is_not_critical(m: Maker) -> Case:
    harmless = (UNKNOWN[0], False, UNKNOWN[2])
    return m.good("odd", m.ca.leaf(given=(LEAF_USAGE, making.alt_name(), harmless)))


@_case
def _extension_twice(m: Maker) -> Case:
    leaf = m.ca.leaf(given=(LEAF_USAGE, making.alt_name(), making.alt_name()))
    return m.bad("twice", (Name.DUPLICATE_EXTENSIONS, 0), leaf, openssl=None)


@_case
def _algorithms_differ(m: Maker) -> Case:
    inner = bytes.fromhex("300a06082a8648ce3d040303")
    return m.bad("algorithms", (Name.ALGORITHM_AGREEMENT, 0), m.ca.leaf(inner=inner))


@_case
def _key_identifier_wrong(m: Maker) -> Case:
    leaf = m.ca.leaf(authority_id=making.authority_id(b"somebody else's key."))
    return m.bad("identifier", (Name.KEY_IDENTIFIERS, 0), leaf, **_LAX)


@_case
def _serial_negative(m: Maker) -> Case:
    return m.bad("serial", (Name.SERIAL_NUMBER, 0), m.ca.leaf(serial=-5), openssl=True, **_LAX)


@_case
def _version_1(m: Maker) -> Case:
    leaf = m.ca.leaf(version=1)
    return m.bad("version", (Name.VERSION, 0), leaf, openssl=None)


@_case
def _name_constraints(m: Maker) -> Case:
    permitted = making.tlv(0x30, making.tlv(0xA0, making.tlv(0x30, making.tlv(0x82, b"example"))))
    limit = ("2.5.29.30", True, permitted)
    ca = m.root.ca("limited", given=(making.basic(ca=True), CA_USAGE, limit))
    # The name would be allowed: this is refused because it is not supported.
    more = {"openssl": None, "library": None}
    return m.bad("names", (Name.NAME_CONSTRAINTS, 1), ca.leaf(), ca, **more)


@_case
def _cross_signed(m: Maker) -> Case:
    other = root(m.kind, "other root", "other")
    cross = other.ca("root", m.root.key)
    return m.good("cross-signed", m.leaf, m.ca, cross, roots=(other,))


@_case
def _cross_signed_both_ways(m: Maker) -> Case:
    other = root(m.kind, "other root", "other")
    circle = (other.ca("root", m.root.key), m.root.ca("other root", other.key))
    return m.good(
        "both ways", m.leaf, m.ca, *circle, roots=(root(m.kind, "third", "third"), m.root)
    )


@_case
def _circle_without_anchor(m: Maker) -> Case:
    other = root(m.kind, "other root", "other")
    circle = (other.ca("root", m.root.key), m.root.ca("other root", other.key))
    third = root(m.kind, "third", "third")
    return m.bad("circle", (Name.TRUST_ANCHOR, 0), m.leaf, m.ca, *circle, roots=(third,))


@_case
def _root_with_a_new_key(m: Maker) -> Case:
    new = root(m.kind, "root", "root, new")
    return m.good("new root", m.leaf, m.ca, roots=(new, m.root))


@_case
def _new_key_vouched_for_by_the_old_one(m: Maker) -> Case:
    # Self-issued, and so not counted as a CA below; cryptography counts it.
    old = root(m.kind, "rolled", "rolled", given=LIMIT)
    new = old.ca("rolled", holders.key(m.kind, "rolled, new"))
    return m.good("rollover", new.leaf(), new, roots=(old,), library=False)


@_case
def _intermediate_with_a_new_key(m: Maker) -> Case:
    new = m.root.ca("ca", holders.key(m.kind, "ca, new"))
    return m.good("new ca", new.leaf(), m.ca, new)


@_case
def _anchor_is_an_intermediate(m: Maker) -> Case:
    return m.good("partial", roots=(m.ca,), options=("-partial_chain",))


LABELS: Final = tuple(_makers)
