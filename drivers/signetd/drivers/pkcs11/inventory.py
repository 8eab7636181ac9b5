"""The key pairs on a token: listed once, indexed by CKA_ID and public key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pkcs11
from pkcs11.constants import Attribute, ObjectClass

from signetd.drivers import verify
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import objects, pairing, protection, publickey
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.pkcs11.way import Way
from signetd.drivers.types import Algorithm, KeyInfo, KeyRef, ObscureKey, ProtectionLevel
from signetd.gm import sm2

_WANTED = [
    Attribute.ID,
    Attribute.LABEL,
    Attribute.ALWAYS_AUTHENTICATE,
    *publickey.ATTRIBUTES,
    *protection.REQUIRED,
]


@dataclass(frozen=True)
class Entry:
    """One key pair: its private object on the token, and what is known of it."""

    info: KeyInfo
    private: Any  # python-pkcs11 makes the class of an object at run time
    sm2_key: sm2.Sm2PublicKey | None
    ways: dict[Algorithm, Way] = field(default_factory=dict)  # of signing digests with it

    def is_there(self) -> bool:
        """Ask the token whether the private key's handle still means this key pair."""
        found = self.private.get_attributes([Attribute.ID]).get(Attribute.ID, b"")
        return bool(found == self.info.ref.cka_id)


class Inventory:
    """Reads the key pairs of one session's token; *seen* collects whatever was ever found."""

    def __init__(
        self,
        session: pkcs11.Session,
        profile: Profile,
        level: ProtectionLevel,
        seen: set[KeyRef],
    ) -> None:
        self._seen = seen
        self._session = session
        self._profile = profile
        self._level = level
        self._entries: dict[KeyRef, Entry] = {}
        self.obscure: list[ObscureKey] = []

    @property
    def _sm2_key_type(self) -> int | None:
        return self._profile.sm2.key_type if self._profile.sm2 else None

    def refresh(self) -> None:
        """List the objects afresh."""
        publics = pairing.read_publics(self._session, self._sm2_key_type)
        privates = [
            (private, private.get_attributes(_WANTED))
            for private in objects.find(self._session, {Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        ]
        matches = pairing.match([found for _, found in privates], publics, self._sm2_key_type)
        entries, obscure = {}, []
        for (private, attributes), match in zip(privates, matches, strict=True):
            entry = self._entry(private, attributes, match.spki)
            if entry is None or entry.info.ref in entries:
                why = match.why or "its type is not served, or a second private key is its twin"
                obscure.append(_obscure(attributes, why))
            else:
                entries[entry.info.ref] = entry
        self._entries, self.obscure = entries, obscure
        self._seen.update(entries)

    def any(self) -> Entry | None:
        """Some key pair, None where there is none."""
        return next(iter(self._entries.values()), None)

    def refs(self) -> set[KeyRef]:
        """Which key pairs there are."""
        return set(self._entries)

    def infos(self) -> list[KeyInfo]:
        """What is known of each key pair."""
        return [entry.info for entry in self._entries.values()]

    def known(self, key: KeyRef) -> Entry | None:
        """Return the key pair if it was found before; the token is not asked."""
        return self._entries.get(key)

    def find(self, key: KeyRef) -> Entry | None:
        """Return the key pair with this CKA_ID and this public key; list afresh on a miss."""
        if key not in self._entries:
            self.refresh()
        return self._entries.get(key)

    def add(self, pair: tuple[Any, Any]) -> KeyInfo | None:
        """Read one key pair, its public object first, whatever CKA_ID the token gave it.

        None when it is of a kind not served.
        """
        public, private = pair
        attributes = private.get_attributes(_WANTED)
        number = self._sm2_key_type
        spki = pairing.told(attributes, number) or pairing.read_public(public, number).spki
        entry = self._entry(objects.slim(private), attributes, spki)
        if entry is None:
            return None
        self._entries[entry.info.ref] = entry
        self._seen.add(entry.info.ref)
        return entry.info

    def forget(self, key: KeyRef) -> None:
        """Take note that a key pair was destroyed."""
        self._entries.pop(key, None)
        self._seen.discard(key)

    def sweep(self, cka_id: bytes, *others: Any) -> None:
        """Destroy *others* and all keys with this CKA_ID: the private ones first."""
        for each in {found.handle: found for found in (*others, *self._with_id(cka_id))}.values():
            each.destroy()

    def labels(self, cka_id: bytes) -> list[str]:
        """Ask the token for the keys of any kind with this CKA_ID, half of a pair included."""
        found = [each.get_attributes([Attribute.LABEL]) for each in self._with_id(cka_id)]
        return sorted({str(each.get(Attribute.LABEL, "")) for each in found})

    def _with_id(self, cka_id: bytes) -> list[Any]:
        kinds = (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY)
        wanted = [{Attribute.CLASS: kind, Attribute.ID: cka_id} for kind in kinds]
        return [found for each in wanted for found in objects.find(self._session, each)]

    def _entry(
        self, private: Any, attributes: Mapping[Any, Any], spki: bytes | None
    ) -> Entry | None:
        """Describe one private key; None for a key of a kind that is not served."""
        try:
            # Around the cache: of many keys few sign, and OpenSSL's form of a key is large.
            key_type, loaded = verify.load.__wrapped__(spki or b"")
        except (ValueError, SignetError):
            return None
        info = KeyInfo(
            ref=KeyRef(attributes.get(Attribute.ID, b""), hashlib.sha256(spki or b"").digest()),
            label=attributes.get(Attribute.LABEL, ""),
            key_type=key_type,
            spki=spki or b"",
            protection_level=self._level,
            weaknesses=protection.weaknesses(attributes, self._profile),
            always_authenticate=attributes.get(Attribute.ALWAYS_AUTHENTICATE) is True,
        )
        sm2_key = loaded if isinstance(loaded, sm2.Sm2PublicKey) else None
        return Entry(info, private, sm2_key)


def _obscure(attributes: Mapping[Any, Any], why: str) -> ObscureKey:
    label = attributes.get(Attribute.LABEL, "")
    return ObscureKey(cka_id=attributes.get(Attribute.ID, b""), label=label, why=why)
