"""Seals that were made elsewhere are taken in, if they verify."""

from typing import Final

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Asker
from signetd.daemon.seals import certificates, checks, life
from signetd.daemon.seals.parts import (
    Clock,
    Keys,
    Policy,
    Recorder,
    SealVerifier,
    Step,
    Store,
)
from signetd.daemon.seals.settling import settled
from signetd.daemon.seals.types import (
    Act,
    Owner,
    RegisteredSeal,
    SealKind,
    SealOrigin,
    SealPicture,
)
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3
from signetd.pki import InputError
from signetd.pki.der import SEQUENCE, single
from signetd.seal import Seal, SealError, parse_seal

_MAX_PICTURE_KIND: Final = 32
_MAX_BYTES: Final = 2 << 20  # so that whoever gets it, with its picture beside it, can take it


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """What to take in: SESeal in DER, and what it does not say. Names of seal and key are bare.

    ``signing_key`` is "" where the seal is not stamped here, ``trust_list`` a resource name or "".
    """

    id: str
    der: bytes
    kind: SealKind
    owner: Owner
    signing_key: str = ""
    trust_list: str = ""


class Importer:
    """Takes in seals whose makers are trusted."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        keys: Keys,
        verifier: SealVerifier,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._store = store
        self._policy = policy
        self._keys = keys
        self._verifier = verifier
        self._recorder = recorder
        self._clock = clock

    async def take(self, given: Import, asker: Asker) -> None:
        """Add a seal, as one that is made and not filed.

        Raises INPUT_MISSING, INPUT_INVALID; SEAL_INVALID if it cannot be read, or does not verify;
        TRUST_LIST_NOT_FOUND; SEAL_EXISTS; KEY_NOT_FOUND and what `certificates` raises, and
        CERTIFICATE_UNSUITABLE if the key's certificate is not in the seal.
        """
        checks.check_owner(given.owner)
        found = _read(given.der)
        await self._verifier.verify(given.der, given.trust_list)

        async def attempt(version: int) -> None:
            seal = self._seal(given, found, asker)
            await self._recorder.act(
                seal.name,
                self._store.add(seal, Step(act=Act.IMPORT, identity=asker.identity)),
                detail=f"{seal.seal_id} sm3={seal.sm3}",
                policy_version=version,
            )

        await settled(self._policy, attempt)

    def _seal(self, given: Import, found: Seal, asker: Asker) -> RegisteredSeal:
        if given.signing_key:
            _check_key(self._keys.get(given.signing_key), found)
        properties, picture = found.info.properties, found.info.picture
        now = self._clock()
        return RegisteredSeal(
            id=given.id,
            state=life.BEGINNINGS[Act.IMPORT],
            kind=given.kind,
            origin=SealOrigin.IMPORTED,
            title=properties.name,
            owner=given.owner,
            seal_id=found.info.seal_id,
            format=found.format,
            picture=SealPicture(
                kind=picture.kind, data=picture.data, width=picture.width, height=picture.height
            ),
            valid_from=properties.valid_from,
            valid_until=properties.valid_until,
            signing_key=given.signing_key,
            certificates=properties.certificates,
            applicant=asker.identity,
            der=given.der,
            sm3=sm3(given.der).hex(),
            create_time=now,
            update_time=now,
        )


def _read(der: bytes) -> Seal:
    """Read a seal, and raise SEAL_INVALID if it is none, or more than can be kept of one."""
    if not der:
        raise SignetError(Reason.INPUT_MISSING, "der is missing; give the seal (SESeal) in DER.")
    try:
        found = parse_seal(der)
        for each in found.info.properties.certificates:
            single(each, SEQUENCE, "property.certList")  # they are kept one after the other
    except (SealError, InputError) as error:
        raise SignetError(
            Reason.SEAL_INVALID, f"der is not an electronic seal (SESeal) in DER: {error}."
        ) from None
    _check_kept(found)
    return found


def _check_kept(found: Seal) -> None:
    properties, picture = found.info.properties, found.info.picture
    try:
        checks.check_seal_id(found.info.seal_id)
        checks.check_title(properties.name, "property.name")
    except SignetError as error:
        raise SignetError(
            Reason.SEAL_INVALID, f"The seal cannot be kept here: {error.message}"
        ) from None
    size = sum(map(len, properties.certificates))
    limits = {
        "data": (len(found.der), _MAX_BYTES),
        "certificates": (size, checks.MAX_CERTIFICATES_BYTES),
        "picture": (len(picture.data), checks.MAX_PICTURE_BYTES),
        "kind of the picture": (len(picture.kind), _MAX_PICTURE_KIND),
    }
    for what, (found_size, most) in limits.items():
        if found_size > most:
            raise SignetError(
                Reason.SEAL_INVALID,
                f"The seal cannot be kept here: its {what} has {found_size} bytes, and {most} are "
                "the most.",
            )


def _check_key(key: RegisteredKey, found: Seal) -> None:
    own = certificates.signer_certificate(key).der
    properties = found.info.properties
    digests = {each.value for each in properties.digests}
    if own not in properties.certificates and sm3(own) not in digests:
        raise SignetError(
            Reason.CERTIFICATE_UNSUITABLE,
            f"The certificate of the key {key.id!r} is not in the seal, so it cannot stamp with "
            "it; name the key that can, or none.",
        )
