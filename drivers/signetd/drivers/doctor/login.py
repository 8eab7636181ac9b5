"""Sessions of the doctor: opened on the chosen token, and the one login with the PIN."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pkcs11
from pkcs11 import exceptions as p11

from signetd.drivers.doctor import refusals
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import vendor
from signetd.drivers.pkcs11.ckr import translated
from signetd.drivers.pkcs11.native_admin import Admin
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.pkcs11.session import TokenSession
from signetd.drivers.types import Pin, ProtectionLevel


@contextmanager
def logged_in(
    admin: Admin, token: pkcs11.Token, profile: Profile, pin: Pin, *, accept_final_try: bool
) -> Iterator[pkcs11.Session]:
    """Log in once, and out again. Raises what TokenSession.log_in raises, and for a bad length."""
    check_length(admin, token, pin, "the PIN")
    with translated("reading the token's flags"):
        refusals.check_user(token.slot.get_token(), accept_final_try=accept_final_try)
    session = TokenSession(admin, token, profile, ProtectionLevel.UNPROVEN)
    session.log_in(pin, accept_final_try=accept_final_try)
    try:
        yield session.open[0]
    finally:
        session.close()


@contextmanager
def opened(token: pkcs11.Token) -> Iterator[Any]:
    """Have a session that nobody is logged in to. Raises TokenFault."""
    with translated("opening a session"):
        session = token.open(rw=True, attribute_mapper=vendor.TolerantMapper())
    try:
        yield session
    finally:
        with suppress(p11.PKCS11Error):  # the process's end closes it too
            session.close()


def check_length(admin: Admin, token: pkcs11.Token, pin: Pin, what: str) -> None:
    """Refuse a PIN that the token would refuse for its length. Raises SignetError(PIN_INVALID)."""
    limits = admin.limits(token.slot.slot_id)[1]
    least, most = limits.get("min_pin") or 0, limits.get("max_pin") or 0
    size = len(pin.reveal().encode())
    if size < least or (most and size > most):
        raise SignetError(
            Reason.PIN_INVALID,
            f"{what} has {size} bytes, and this token takes {least} to {most}; it was not "
            "presented",
        )
