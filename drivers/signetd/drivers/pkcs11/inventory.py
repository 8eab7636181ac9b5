"""The key pairs on a token: listed once, indexed by CKA_ID and public key."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pkcs11
from pkcs11.constants import Attribute, ObjectClass

from signetd.drivers import verify
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import protection, publickey
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import KeyInfo, KeyRef, ProtectionLevel
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
    """One key pair: its objects on the token, and what is known of it."""

    info: KeyInfo
    private: Any  # python-pkcs11 makes the class of an object at run time
    public: Any
    sm2_key: sm2.Sm2PublicKey | None

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

    def refresh(self) -> None:
        """List the objects afresh."""
        publics: dict[bytes, list[Any]] = {}
        for public in list(self._session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY})):
            cka_id = public.get_attributes([Attribute.ID]).get(Attribute.ID, b"")
            publics.setdefault(cka_id, []).append(public)
        entries = {}
        for private in list(self._session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})):
            for entry in self._read(private, publics):
                entries[entry.info.ref] = entry
        self._entries = entries
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

    def find(self, key: KeyRef) -> Entry | None:
        """Return the key pair with this CKA_ID and this public key; list afresh on a miss."""
        if key not in self._entries:
            self.refresh()
        return self._entries.get(key)

    def add(self, pair: tuple[Any, Any]) -> KeyInfo | None:
        """Read one key pair, its public object first; None when it is of a kind not served."""
        public, private = pair
        cka_id = private.get_attributes([Attribute.ID]).get(Attribute.ID, b"")
        for entry in self._read(private, {cka_id: [public]}):
            self._entries[entry.info.ref] = entry
            self._seen.add(entry.info.ref)
            return entry.info
        return None

    def forget(self, key: KeyRef) -> None:
        """Take note that a key pair was destroyed."""
        self._entries.pop(key, None)
        self._seen.discard(key)

    def sweep(self, cka_id: bytes) -> None:
        """Destroy all keys with this CKA_ID: the private ones first."""
        for each in self._with_id(cka_id):
            each.destroy()

    def has(self, cka_id: bytes) -> bool:
        """Ask the token for a key of any kind with this CKA_ID, half of a pair included."""
        return bool(self._with_id(cka_id))

    def _with_id(self, cka_id: bytes) -> list[Any]:
        kinds = (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY)
        wanted = [{Attribute.CLASS: kind, Attribute.ID: cka_id} for kind in kinds]
        return [found for each in wanted for found in list(self._session.get_objects(each))]

    def _read(self, private: Any, publics: dict[bytes, list[Any]]) -> list[Entry]:
        """Describe one private key; nothing for a key of a kind that is not served."""
        attributes = private.get_attributes(_WANTED)
        cka_id = attributes.get(Attribute.ID, b"")
        candidates = [p for p in publics.get(cka_id, []) if _same_type(p, attributes)]
        public = candidates[0] if len(candidates) == 1 else None
        source = public.get_attributes(list(publickey.ATTRIBUTES)) if public else attributes
        number = self._profile.sm2.key_type if self._profile.sm2 else None
        try:
            spki = publickey.spki(source, number)
            key_type, loaded = verify.load(spki)
        except (ValueError, SignetError):
            return []
        info = KeyInfo(
            ref=KeyRef(cka_id, hashlib.sha256(spki).digest()),
            label=attributes.get(Attribute.LABEL, ""),
            key_type=key_type,
            spki=spki,
            protection_level=self._level,
            weaknesses=protection.weaknesses(attributes, self._profile),
            always_authenticate=attributes.get(Attribute.ALWAYS_AUTHENTICATE) is True,
        )
        sm2_key = loaded if isinstance(loaded, sm2.Sm2PublicKey) else None
        return [Entry(info, private, public, sm2_key)]


def _same_type(public: Any, private_attributes: dict[int, Any]) -> bool:
    key_type = public.get_attributes([Attribute.KEY_TYPE]).get(Attribute.KEY_TYPE)
    return bool(key_type == private_attributes.get(Attribute.KEY_TYPE))
