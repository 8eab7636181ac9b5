"""The key pairs on a token: listed once, indexed by CKA_ID and public key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pkcs11
from pkcs11.constants import Attribute, ObjectClass

from signetd.drivers import verify
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import pairing, protection, publickey
from signetd.drivers.pkcs11.pairing import PublicObject
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import KeyInfo, KeyRef, ObscureKey, ProtectionLevel
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
        self._publics: list[PublicObject] = []
        self.obscure: list[ObscureKey] = []

    @property
    def _sm2_key_type(self) -> int | None:
        return self._profile.sm2.key_type if self._profile.sm2 else None

    def refresh(self) -> None:
        """List the objects afresh."""
        publics = pairing.read_publics(self._session, self._sm2_key_type)
        privates = [
            (private, private.get_attributes(_WANTED))
            for private in list(
                self._session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
            )
        ]
        matches = pairing.match([found for _, found in privates], publics, self._sm2_key_type)
        entries, obscure = {}, []
        for (private, attributes), match in zip(privates, matches, strict=True):
            entry = self._entry(private, attributes, match.spki, match.public)
            if entry is None or entry.info.ref in entries:
                why = match.why or "its type is not served, or a second private key is its twin"
                obscure.append(_obscure(attributes, why))
            else:
                entries[entry.info.ref] = entry
        self._entries, self._publics, self.obscure = entries, publics, obscure
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

    def holder(self, cka_id: bytes, label: str) -> tuple[bytes, str] | None:
        """Return CKA_ID and label of a key object that has one of these; None if none has.

        An empty CKA_ID or label is nobody's. As of the last refresh.
        """
        names = [(each.ref.cka_id, each.label) for each in self.infos()]
        names += [(each.cka_id, each.label) for each in self.obscure]
        names += [(each.cka_id, each.label) for each in self._publics]
        for found in names:
            if (cka_id and found[0] == cka_id) or (label and found[1] == label):
                return found
        return None

    def made(self, private: Any) -> Entry | None:
        """Return the key pair of a private key's object, whatever CKA_ID the token gave it."""
        handle = private.handle
        return next((e for e in self._entries.values() if e.private.handle == handle), None)

    def _entry(
        self, private: Any, attributes: Mapping[Any, Any], spki: bytes | None, public: Any
    ) -> Entry | None:
        """Describe one private key; None for a key of a kind that is not served."""
        try:
            key_type, loaded = verify.load(spki or b"")
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
        return Entry(info, private, public, sm2_key)


def _obscure(attributes: Mapping[Any, Any], why: str) -> ObscureKey:
    label = attributes.get(Attribute.LABEL, "")
    return ObscureKey(cka_id=attributes.get(Attribute.ID, b""), label=label, why=why)
