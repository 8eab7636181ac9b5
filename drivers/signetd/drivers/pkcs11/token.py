"""One token behind PKCS#11: one login session, one thread, in a process of its own."""

import pkcs11
from pkcs11.constants import SlotFlag, TokenFlag

from signetd.drivers import verify
from signetd.drivers.algorithms import ALGORITHMS_OF, INTEGER_BYTES
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import finder, keygen, plan, probe, profile, protection, vendor
from signetd.drivers.pkcs11.ckr import TokenFault, translated
from signetd.drivers.pkcs11.inventory import Entry, Inventory
from signetd.drivers.types import (
    Algorithm,
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    SignOrder,
    TokenInfo,
    TokenSettings,
)
from signetd.gm import encoding, sm2

_SIGNATURE_BUFFER_BYTES = 1024  # RSA-4096 takes 512; the default of 8 KiB costs time


class Pkcs11Token:
    """A token: found once, logged in once, its keys listed once."""

    def __init__(self, settings: TokenSettings) -> None:
        self._profile = profile.load(settings.profile)
        self._library = finder.load_module(settings.module)
        self._token = finder.find_token(self._library, settings)
        with translated("reading the mechanism list"):
            self._offered = {int(m) for m in self._token.slot.get_mechanisms()}
        self._session: pkcs11.Session | None = None
        self._inventory: Inventory | None = None
        self._proven: set[tuple[int, KeyRef]] = set()
        self.info = self._describe()

    def _describe(self) -> TokenInfo:
        token, library = self._token, self._library
        version = ".".join(str(part) for part in library.library_version)
        hardware = bool(token.slot.flags & SlotFlag.HW_SLOT)
        return TokenInfo(
            label=token.label,
            serial=token.serial.decode(errors="replace"),
            manufacturer=token.manufacturer_id,
            model=token.model,
            module=f"{library.manufacturer_id} {library.library_description} {version}",
            protection_level=protection.level(self._profile, hardware=hardware),
            inputs=plan.inputs(self._profile, self._offered),
        )

    def login(self, pin: Pin) -> None:
        """Present the user PIN, once, and list the keys.

        Raises SignetError(PIN_REFUSED); PIN_BLOCKED without presenting it when the token says
        that the PIN is locked or that one try is left.
        """
        with translated("reading the token's flags"):
            flags = self._token.slot.get_token().flags
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise SignetError(Reason.PIN_BLOCKED, "the token reports that its user PIN is locked")
        if flags & TokenFlag.USER_PIN_FINAL_TRY:
            raise SignetError(
                Reason.PIN_BLOCKED,
                "one wrong PIN more would lock the token, so none is presented: log in with the "
                "vendor's tool once, which clears the counter",
            )
        with translated("logging in"):
            self._session = self._token.open(
                rw=True, user_pin=pin.reveal(), attribute_mapper=vendor.TolerantMapper()
            )
            self._inventory = Inventory(self._session, self._profile, self.info.protection_level)
            self._inventory.refresh()

    @property
    def _open(self) -> tuple[pkcs11.Session, Inventory]:
        if self._session is None or self._inventory is None:
            raise SignetError(Reason.TOKEN_LOCKED, "the token is locked; unlock it with its PIN")
        return self._session, self._inventory

    def keys(self) -> list[KeyInfo]:
        """List the key pairs afresh."""
        _, inventory = self._open
        with translated("listing the keys"):
            inventory.refresh()
        return inventory.infos()

    def _entry(self, key: KeyRef) -> Entry:
        _, inventory = self._open
        with translated("finding the key"):
            entry = inventory.find(key)
        if entry is None:
            raise SignetError(
                Reason.KEY_NOT_ON_TOKEN,
                f"the token holds no key pair with CKA_ID {key.cka_id.hex()} and the registered "
                "public key",
            )
        return entry

    def sign(self, order: SignOrder) -> bytes:
        """Make one signature: r‖s for SM2 and ECDSA, the standard's octets otherwise.

        It was verified with the public key. Raises SignetError.
        """
        entry = self._entry(order.key)
        if entry.info.weaknesses:
            raise unprotected(entry.info)
        if order.algorithm not in ALGORITHMS_OF[entry.info.key_type]:
            raise SignetError(
                Reason.ALGORITHM_UNSUITABLE,
                f"{order.algorithm.value} is not for a key of type {entry.info.key_type.value}",
            )
        planned = plan.plan(self._profile, self._offered, order, entry.sm2_key)
        if entry.sm2_key is not None and (planned.mechanism, order.key) not in self._proven:
            self._prove(planned.mechanism, entry, entry.sm2_key)
        answer = self._ask(entry, planned)
        signature = _normalised(answer, planned, order)
        arguments = (order.algorithm, order.input, order.data, signature, order.signer_id)
        if not verify.verify(entry.info.spki, *arguments):
            raise _faulty("it is not valid under the key's public key")
        return signature

    def _ask(self, entry: Entry, planned: plan.SignPlan) -> bytes:
        with translated("signing"):
            answer: bytes = entry.private.sign(
                planned.data,
                mechanism=vendor.mechanism(planned.mechanism),
                mechanism_param=planned.parameter,
                buffer_size=_SIGNATURE_BUFFER_BYTES,
            )
        return answer

    def _prove(self, number: int, entry: Entry, key: sm2.Sm2PublicKey) -> None:
        declared = plan.sm2_mechanisms(self._profile, self._offered)
        mechanism = next(m for m in declared if m.mechanism == number)
        parameter = sm2.DEFAULT_SIGNER_ID if mechanism.parameter == "signer-id" else None

        def sign(data: bytes) -> bytes:
            return self._ask(entry, plan.SignPlan(number, parameter, data, mechanism.returns))

        probe.prove(mechanism, key, sign)
        self._proven.add((number, entry.info.ref))

    def generate(self, key_type: KeyType, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair: sensitive, not extractable, for signing only.

        A pair that the token does not protect so is destroyed again.
        Raises SignetError(KEY_UNPROTECTED, ALGORITHM_NOT_ON_TOKEN) and what the token answers.
        """
        session, inventory = self._open
        number = keygen.mechanism(self._profile, self._offered, key_type)
        vendor_type = self._profile.sm2.key_type if self._profile.sm2 else None
        with translated("generating the key pair"):
            pair = keygen.generate(
                session, number, key_type, vendor_type, label=label, cka_id=cka_id
            )
            inventory.refresh()
        made = [i for i in inventory.infos() if i.ref.cka_id == cka_id]
        if len(made) == 1 and not made[0].weaknesses:
            return made[0]
        with translated("destroying a key pair that the token does not protect"):
            for item in pair:
                item.destroy()
            inventory.refresh()
        if made:
            raise unprotected(made[0])
        raise SignetError(Reason.TOKEN_FAILED, "the token does not show the key pair it made")

    def destroy(self, key: KeyRef) -> None:
        """Destroy a key pair; the private key first. Raises SignetError."""
        entry = self._entry(key)
        _, inventory = self._open
        with translated("destroying the key pair"):
            entry.private.destroy()
            if entry.public is not None:
                entry.public.destroy()
            inventory.refresh()

    def close(self) -> None:
        """Log out and close the session."""
        if self._session is not None:
            with translated("logging out"):
                self._session.close()
            self._session = None


def unprotected(info: KeyInfo) -> SignetError:
    """Say why a key is not used."""
    return SignetError(
        Reason.KEY_UNPROTECTED,
        f"the token does not protect the key with CKA_ID {info.ref.cka_id.hex()} as it must: "
        + "; ".join(info.weaknesses),
    )


def _faulty(why: str) -> TokenFault:
    return TokenFault(
        Reason.SIGNATURE_FAULTY, f"the token's signature is withheld: {why}", ckr="", fatal=False
    )


def _normalised(answer: bytes, planned: plan.SignPlan, order: SignOrder) -> bytes:
    if planned.form == "octets":
        return answer
    try:
        size = INTEGER_BYTES[order.algorithm]
        group_order = sm2.N if order.algorithm is Algorithm.SM2_SM3 else None
        return encoding.normalise(answer, size, planned.form, group_order)
    except ValueError as error:
        raise _faulty(str(error)) from error
