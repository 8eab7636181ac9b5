"""The one session that a worker has with its token: opened, logged in, renewed, checked, closed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pkcs11
from pkcs11 import exceptions as p11
from pkcs11.constants import TokenFlag

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import ckr, vendor
from signetd.drivers.pkcs11.ckr import TokenFault, translated
from signetd.drivers.pkcs11.inventory import Inventory
from signetd.drivers.pkcs11.native import CKR_OK, Native
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import KeyRef, Pin, ProtectionLevel, Remedy


class TokenSession:
    """A session, and the key pairs found in it. Every method raises TokenFault.

    It is opened without a PIN and then logged in, so that closing it never logs out by surprise
    and a refused PIN leaves nothing behind.
    """

    def __init__(
        self, native: Native, token: pkcs11.Token, profile: Profile, level: ProtectionLevel
    ) -> None:
        self._native = native
        self._token = token
        self._profile = profile
        self._level = level
        self._session: pkcs11.Session | None = None
        self._inventory: Inventory | None = None
        self._pin: Pin | None = None
        self._seen: set[KeyRef] = set()

    @property
    def open(self) -> tuple[pkcs11.Session, Inventory]:
        """The session and its key pairs. Raises SignetError(TOKEN_LOCKED) before a login."""
        if self._session is None or self._inventory is None:
            raise SignetError(Reason.TOKEN_LOCKED, "the token is locked; unlock it with its PIN")
        return self._session, self._inventory

    @property
    def pin(self) -> Pin | None:
        """The PIN for keys that want it for each signature; None once one was refused."""
        return self._pin

    def log_in(self, pin: Pin, *, accept_final_try: bool) -> None:
        """Present the user PIN, once, in a fresh session. The keys are not listed yet.

        Raises PIN_REFUSED when the PIN was, or may have been, counted as wrong; PIN_BLOCKED
        without presenting it when the token says that it is locked, or that one try is left.
        """
        self._check_flags(accept_final_try)
        self._drop()
        self._session = self._new_session()
        handle = _handle(self._session)
        answer = self._native.log_in(handle, pin)
        if ckr.name(answer) == "CKR_USER_ALREADY_LOGGED_IN":  # then the PIN was not looked at
            self._native.log_out(handle)
            answer = self._native.log_in(handle, pin)
        name = ckr.name(answer)
        if answer != CKR_OK:
            self._drop()
            raise _refusal(name)
        self._inventory = Inventory(self._session, self._profile, self._level, self._seen)
        self._pin = pin

    def log_in_again(self) -> None:
        """Log out, and in again with the PIN that was accepted before; see log_in."""
        if self._pin is None:
            raise SignetError(Reason.TOKEN_LOCKED, "the token is locked; unlock it with its PIN")
        self.log_in(self._pin, accept_final_try=False)

    def _check_flags(self, accept_final_try: bool) -> None:
        with translated("reading the token's flags"):
            token = self._token.slot.get_token()
        check_same(self._token, token)
        flags = token.flags
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise _blocked("the token reports that its user PIN is locked")
        if flags & TokenFlag.USER_PIN_FINAL_TRY and not accept_final_try:
            raise _blocked(
                "one wrong PIN more would lock the token, so none is presented by itself; an "
                "administrator who is sure of the PIN unlocks it with  signetctl token unlock "
                "--final-try"
            )

    def refresh(self) -> Inventory:
        """List the key pairs afresh."""
        _, inventory = self.open
        with translated("listing the keys"):
            inventory.refresh()
        return inventory

    @contextmanager
    def fresh(self) -> Iterator[pkcs11.Session]:
        """Give a session that was opened just now, and of which nothing is remembered.

        The token is the same before and after, and the user logged in, without whom no private
        object shows.
        """
        self._check_same_and_in(self.open[0])
        try:
            session = self._new_session()
        except TokenFault as error:
            if error.ckr != "CKR_SESSION_COUNT":
                raise
            self.renew()  # the token has no second one: ours is replaced by a fresh one
            yield self.open[0]
            self._check_same_and_in(self.open[0])
            return
        try:
            self._check_logged_in(session)
            yield session
            self._check_same_and_in(session)
        finally:
            self._close(session)

    def _check_same_and_in(self, session: pkcs11.Session) -> None:
        self._check_logged_in(session)
        with translated("looking for the token"):
            check_same(self._token, self._token.slot.get_token())

    def renew(self) -> None:
        """Go on in a fresh session, and find the key pairs again.

        When one is missing, only a fresh process can tell whether it is gone: some modules go on
        showing a token that was deleted or initialised anew.
        """
        old, _ = self.open
        with translated("looking for the token"):
            check_same(self._token, self._token.slot.get_token())
        try:
            session = self._new_session()
        except TokenFault as error:
            if error.ckr != "CKR_SESSION_COUNT":
                raise
            self._close(old)  # which logs out where it was the last one
            session = self._new_session()
        else:
            self._close(old)
        self._session = session
        self._inventory = Inventory(session, self._profile, self._level, self._seen)
        self._check_logged_in(session)
        missing = self._seen - self.refresh().refs()
        if missing:
            why = f"finding the keys again: {len(missing)} of them are missing"
            raise TokenFault(Reason.TOKEN_FAILED, why, ckr="", remedy=Remedy.WORKER)

    def check(self) -> None:
        """Ask the token whether session, login and key handles still hold; keeps them alive."""
        if self._session is None or self._inventory is None:
            return
        self._check_logged_in(self._session)
        with translated("looking for a key that was there"):
            some = self._inventory.any()
            if some is not None and not some.is_there():
                raise ckr.fault("looking for a key that was there", "CKR_OBJECT_HANDLE_INVALID")

    def _check_logged_in(self, session: pkcs11.Session) -> None:
        answer, is_in = self._native.session_state(_handle(session))
        if answer != CKR_OK:
            raise ckr.fault("asking for the session's state", ckr.name(answer))
        if not is_in:
            raise ckr.fault("asking for the session's state", "CKR_USER_NOT_LOGGED_IN")

    def forget_pin(self) -> None:
        """Present the PIN to no key any more."""
        self._pin = None

    def close(self) -> None:
        """Log out and close: some tokens keep what a process leaves open."""
        session, self._session, self._inventory = self._session, None, None
        self._pin = None
        if session is not None:
            self._native.log_out(_handle(session))
            with translated("closing the session"):
                session.close()

    def _new_session(self) -> pkcs11.Session:
        with translated("opening a session"):
            return self._token.open(rw=True, attribute_mapper=vendor.TolerantMapper())

    def _drop(self) -> None:
        session, self._session, self._inventory = self._session, None, None
        self._pin = None
        if session is not None:
            self._native.log_out(_handle(session))
            self._close(session)

    @staticmethod
    def _close(session: pkcs11.Session) -> None:
        with suppress(p11.PKCS11Error):  # it may be the broken one that is being replaced
            session.close()


def check_same(known: pkcs11.Token, found: pkcs11.Token) -> None:
    """Raise TokenFault(TOKEN_ABSENT) if another token is in the slot now; it gets no PIN."""
    if (known.serial, known.label) != (found.serial, found.label):
        why = "looking for the token: another one has taken its place"
        raise TokenFault(Reason.TOKEN_ABSENT, why, ckr="", remedy=Remedy.WORKER)


def _handle(session: pkcs11.Session) -> int:
    handle: int = session.handle  # type: ignore[attr-defined]  # its type does not tell
    return handle


def _refusal(name: str) -> TokenFault:
    found = ckr.fault("logging in", name)
    if name in ckr.UNCOUNTED or found.reason is Reason.PIN_REFUSED:
        return found
    return TokenFault(
        Reason.PIN_REFUSED,
        f"logging in: the token answered {name}, behind which a wrong PIN may hide",
        ckr=name,
        remedy=Remedy.NONE,
    )


def _blocked(why: str) -> TokenFault:
    return TokenFault(Reason.PIN_BLOCKED, why, ckr="", remedy=Remedy.NONE)
