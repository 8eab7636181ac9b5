"""One token behind PKCS#11: one login session, one thread, in a process of its own."""

import sys
from typing import Any

from pkcs11 import _pkcs11

from signetd.drivers import verify
from signetd.drivers.algorithms import ALGORITHMS_OF, INTEGER_BYTES
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import (
    attributes,
    certificates,
    describe,
    finder,
    keygen,
    plan,
    probe,
    profiles,
    remains,
    room,
)
from signetd.drivers.pkcs11.ckr import MAY_HIDE_PIN, TokenFault, translated
from signetd.drivers.pkcs11.inventory import Entry, Inventory
from signetd.drivers.pkcs11.native import Native
from signetd.drivers.pkcs11.session import TokenSession, check_same
from signetd.drivers.pkcs11.way import Way
from signetd.drivers.types import (
    Algorithm,
    Attributes,
    Input,
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    Remedy,
    SignOrder,
    Survey,
    TokenSettings,
    Traces,
)
from signetd.gm import encoding, sm2

_SIGNATURE_BUFFER_BYTES = 1024  # RSA-4096 takes 512; the default of 8 KiB costs time


class Pkcs11Token:
    """A token: found once, logged in once, its keys listed once."""

    def __init__(self, settings: TokenSettings, library: _pkcs11.lib) -> None:
        """Find the token in *library*, which finder.load_module has loaded. Raises SignetError."""
        self._profile = profiles.of(settings)
        self._settings = settings
        if self._profile.one_worker and settings.workers > 1:
            raise SignetError(
                Reason.TOKEN_FAILED,
                f'the profile "{self._profile.name}" is for one worker only, since another would '
                "not find the keys that it makes: set workers = 1",
            )
        self._library = library
        self._token = finder.find_token(library, settings)
        self._offered = finder.offered(self._token)
        self._proven: set[tuple[int, KeyRef]] = set()
        self.info = describe.describe(library, self._token, self._profile, self._offered)
        self._session = TokenSession(
            Native(settings.module, library),
            self._token,
            self._profile,
            self.info.protection_level,
        )
        self._room = room.Room(self._profile.loaded_keys, self._session.log_in_again)

    def login(self, pin: Pin, *, accept_final_try: bool = False) -> None:
        """Present the user PIN, once; see TokenSession.log_in."""
        self._room.reset()
        self._session.log_in(pin, accept_final_try=accept_final_try)

    def renew(self) -> None:
        """Go on in a fresh session with the key pairs found again. Raises SignetError."""
        self._session.renew()

    def check(self) -> None:
        """Ask whether the token is still there, logged in, and its keys in place.

        Raises SignetError, whose remedy says what to do about it.
        """
        with translated("looking for the token"):
            check_same(self._token, self._token.slot.get_token())
        self._session.check()

    def survey(self) -> Survey:
        """List every private key afresh."""
        inventory = self._session.refresh()
        return Survey(pairs=inventory.infos(), obscure=inventory.obscure)

    def keys(self) -> list[KeyInfo]:
        """List the key pairs afresh."""
        return self._session.refresh().infos()

    def _entry(self, key: KeyRef) -> Entry:
        _, inventory = self._session.open
        if (known := inventory.known(key)) is not None:
            return known
        with translated("finding the key"):
            entry = inventory.find(key)
        if entry is None:
            # Only a fresh process can tell whether it is gone, or was never there.
            why = _not_there(key)
            raise TokenFault(Reason.KEY_NOT_ON_TOKEN, why, ckr="", remedy=Remedy.WORKER)
        return entry

    def attributes(self, key: KeyRef) -> Attributes:
        """Read what the token says now of a private key. Raises SignetError."""
        entry = self._entry(key)
        with translated("reading the key's attributes"):
            found = entry.private.get_attributes(list(attributes.REPORTED))
        return Attributes(attributes.plain(found))

    def sign(self, order: SignOrder) -> bytes:
        """Make one signature: r‖s for SM2 and ECDSA, the standard's octets otherwise.

        It was verified with the public key, unless the order leaves that out. Raises SignetError.
        """
        self._room.make(order.key.cka_id)
        entry = self._entry(order.key)
        if order.input is Input.DIGEST:
            way = entry.ways.get(order.algorithm)
            if way is None:
                way = entry.ways[order.algorithm] = self._way(entry, order)
            data = way.head + order.data
        else:  # what of the message the token is given depends on the message
            planned = self._planned(entry, order)
            way, data = Way.of(planned, planned.data), planned.data
        signature = _normalised(self._ask(entry, way, data), way.form, order)
        if order.verify and not verify.verify(
            entry.info.spki,
            order.algorithm,
            order.input,
            order.data,
            signature,
            order.signer_id,
        ):
            raise _faulty("it is not valid under the key's public key")
        return signature

    def _way(self, entry: Entry, order: SignOrder) -> Way:
        """Work out how digests are signed with a key: its plan puts something before them."""
        return Way.of(self._planned(entry, order), order.data)

    def _planned(self, entry: Entry, order: SignOrder) -> plan.SignPlan:
        """Check that the key may be used so, and plan it. Raises SignetError."""
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
        return planned

    def _ask(self, entry: Entry, way: Way, data: bytes) -> bytes:
        pin = self._pin_for(entry) if entry.info.always_authenticate else None
        try:
            with translated("signing"):
                answer: bytes = entry.private.sign(
                    data,
                    mechanism=way.mechanism,
                    mechanism_param=way.parameter,
                    pin=pin.reveal() if pin else None,
                    buffer_size=_SIGNATURE_BUFFER_BYTES,
                )
        except TokenFault as error:
            refused = error.reason in (Reason.PIN_REFUSED, Reason.PIN_BLOCKED)
            if pin is None or not (refused or error.ckr in MAY_HIDE_PIN):
                raise
            self._session.forget_pin()
            raise _refused_in_use(error) from error
        return answer

    def _pin_for(self, entry: Entry) -> Pin:
        """Return the PIN for a key that wants it for each signature.

        With one worker only: each of several would have a wrong PIN counted before one knew.
        """
        if self._settings.workers > 1:
            raise SignetError(
                Reason.KEY_UNSUPPORTED,
                "the token wants its PIN for each signature with this key "
                "(CKA_ALWAYS_AUTHENTICATE), which is served with one worker only: set workers = 1",
            )
        if self._session.pin is None:
            raise SignetError(Reason.TOKEN_LOCKED, "the PIN was refused; unlock the token")
        return self._session.pin

    def _prove(self, number: int, entry: Entry, key: sm2.Sm2PublicKey) -> None:
        declared = plan.sm2_mechanisms(self._profile, self._offered)
        mechanism = next(m for m in declared if m.mechanism == number)
        parameter = sm2.DEFAULT_SIGNER_ID if mechanism.parameter == "signer-id" else None

        def sign(data: bytes) -> bytes:
            planned = plan.SignPlan(number, parameter, data, mechanism.returns)
            return self._ask(entry, Way.of(planned, data), data)

        with describe.better_profile_named(self.info, self._profile.name):
            probe.prove(mechanism, key, sign)
        self._proven.add((number, entry.info.ref))

    def generate(self, key_type: KeyType, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair: sensitive, not extractable, for signing only.

        The CKA_ID of the answer is the one that the token shows: some cut or pad what they are
        given. A pair that the token does not protect so is destroyed again. Raises
        SignetError(KEY_EXISTS, KEY_UNPROTECTED, ALGORITHM_NOT_ON_TOKEN) and what the token answers.
        """
        self._room.make(cka_id)
        session, inventory = self._session.open
        with translated("looking for keys with this CKA_ID"):
            holders = inventory.labels(cka_id)
        if holders:
            named = " and ".join(f'"{each}"' for each in holders)
            raise SignetError(
                Reason.KEY_EXISTS,
                f"the token holds the key {named} with CKA_ID {cka_id.hex()} already; give another "
                "CKA_ID, or destroy that key first",
            )
        with describe.better_profile_named(self.info, self._profile.name):
            number = keygen.mechanism(self._profile, self._offered, key_type)
        with translated("asking how long its keys may be"):
            keygen.check_size(self._token.slot, number, key_type)
        pair: tuple[Any, ...] = ()
        try:
            with translated("generating the key pair"):
                pair = keygen.generate(
                    session, number, key_type, self._profile, label=label, cka_id=cka_id
                )
                made = inventory.add(pair)
            if made is None:
                why = "the token does not show the key pair that it made as it was asked for"
                raise SignetError(Reason.TOKEN_FAILED, why)
            if made.weaknesses:
                raise unprotected(made)
        except SignetError:
            self._sweep(inventory, cka_id, pair)
            raise
        return made

    def _sweep(self, inventory: Inventory, cka_id: bytes, pair: tuple[Any, ...]) -> None:
        """Leave nothing of a key pair that could not be made: nobody would know of it."""
        try:
            with translated("destroying what is left of a key pair that was not made"):
                inventory.sweep(cka_id, *reversed(pair))  # which may have another CKA_ID now
                inventory.refresh()
        except SignetError as error:  # the token is lost, or knows of no such pair
            print(f"{error.message} (CKA_ID {cka_id.hex()})", file=sys.stderr, flush=True)

    def store_certificate(self, key: KeyRef, der: bytes, label: str) -> None:
        """Put the certificate of a key pair beside it, in place of the former. Raises SignetError.

        *der* is X.509 in DER; *label* is for people, and shortened.
        """
        entry = self._entry(key)
        certificates.store(self._session.open[0], entry, der, label)

    def read_certificate(self, key: KeyRef) -> bytes:
        """Return the certificate beside a key pair in DER, b"" for none. Raises SignetError."""
        entry = self._entry(key)
        return certificates.read(self._session.open[0], entry)

    def destroy(self, key: KeyRef) -> None:
        """Destroy all that is there of a key pair: private key, public key, certificates.

        Raises SignetError, KEY_NOT_ON_TOKEN where there is nothing of it. Whether it is gone then
        is for `find_traces` to say.
        """
        self._room.leave(key.cka_id)
        inventory = self._session.refresh()
        session, entry = self._session.open[0], inventory.find(key)
        with translated("destroying the key pair"):
            found = remains.look(session, key, self._sm2_key_type)
            objects = [*found.privates, *found.publics, *found.certificates]
            if entry is not None:  # which may know that a private key is the pair's by its public
                objects.insert(0, entry.private)
            if not objects:
                raise SignetError(Reason.KEY_NOT_ON_TOKEN, _not_there(key))
            for each in {item.handle: item for item in objects}.values():
                each.destroy()
            inventory.forget(key)

    def find_traces(self, key: KeyRef) -> Traces:
        """Look for whatever is left of a key pair, in a fresh session. Raises SignetError."""
        with self._session.fresh() as session, translated("looking for what is left of a key"):
            found = remains.look(session, key, self._sm2_key_type).traces()
        if found.gone:
            self._session.open[1].forget(key)  # destroyed by another worker, perhaps
        return found

    @property
    def _sm2_key_type(self) -> int | None:
        return self._profile.sm2.key_type if self._profile.sm2 else None

    def close(self) -> None:
        """Log out and close the session."""
        self._session.close()


def unprotected(info: KeyInfo) -> SignetError:
    """Say why a key is not used."""
    return SignetError(
        Reason.KEY_UNPROTECTED,
        f"the token does not protect the key with CKA_ID {info.ref.cka_id.hex()} as it must: "
        + "; ".join(info.weaknesses),
    )


def _not_there(key: KeyRef) -> str:
    return (
        f"the token holds no key pair with CKA_ID {key.cka_id.hex() or '(none)'} and the "
        "registered public key"
    )


def _refused_in_use(error: TokenFault) -> TokenFault:
    return TokenFault(
        Reason.PIN_REFUSED,
        f"the PIN that this key wants for each signature may have been refused: {error.message}",
        ckr=error.ckr,
        remedy=Remedy.WORKER,  # the session is left in the middle of an operation
    )


def _faulty(why: str) -> TokenFault:
    text = f"the token's signature is withheld: {why}"
    return TokenFault(Reason.SIGNATURE_FAULTY, text, ckr="", remedy=Remedy.NONE)


def _normalised(answer: bytes, form: plan.Form, order: SignOrder) -> bytes:
    if form == "octets":
        return answer
    try:
        size = INTEGER_BYTES[order.algorithm]
        group_order = sm2.N if order.algorithm is Algorithm.SM2_SM3 else None
        return encoding.normalise(answer, size, form, group_order)
    except ValueError as error:
        raise _faulty(str(error)) from error
