"""Initialising a token and setting its PINs, each with one PIN presented once."""

from signetd.drivers.doctor import loading, login, quirks, refusals, tokens
from signetd.drivers.doctor.loading import Loaded
from signetd.drivers.doctor.messages import ChangePin, Init, ResetPin
from signetd.drivers.doctor.output import Output
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.ckr import translated
from signetd.drivers.pkcs11.native_admin import LABEL_BYTES
from signetd.drivers.types import Pin


def init(request: Init, output: Output) -> None:
    """Initialise a token named by its serial, or a blank one named by its slot.

    What is on it is destroyed; the user PIN is set. Raises SignetError.
    """
    _check_label(request.label)
    loaded = loading.load(request.target, output)
    target = request.target
    if target.slot is not None:
        token = tokens.blank(loaded.library, target.slot)
    elif target.serial:
        token = refusals.chosen(loaded.library, target)
        _check_erasable(loaded, token, erase=request.erase)
    else:
        raise SignetError(Reason.INPUT_MISSING, "name the token by its serial: --slot-serial")
    so_pin, user_pin = Pin(request.so_pin), Pin(request.user_pin)
    for pin, what in ((so_pin, "the SO PIN"), (user_pin, "the user PIN")):
        login.check_length(loaded.admin, token, pin, what)
    if target.slot is None:  # blank ones may report an SO PIN that is locked
        refusals.check_officer(token, accept_final_try=False)
    output.doing("initialising the token (C_InitToken)")
    answer = loaded.admin.init_token(token.slot.slot_id, so_pin, request.label)
    refusals.check("initialising the token", answer, "the SO PIN")
    _set_as_officer(loaded, token, so_pin, user_pin, output)
    with translated("reading the token"):
        output.section("token", tokens.describe(token.slot.get_token(), loaded.admin))


def _check_label(label: str) -> None:
    if not label or len(label.encode()) > LABEL_BYTES or not label.isprintable():
        text = f"a token's label has 1 to {LABEL_BYTES} bytes of UTF-8, without control characters"
        raise SignetError(Reason.INPUT_INVALID, text)


def _check_erasable(loaded: Loaded, token: tokens.Token, *, erase: bool) -> None:
    with login.opened(token) as session, translated("counting the objects"):
        counts = quirks.objects(session)
    kinds = ("certificates", "public_keys", "private_keys", "others")
    seen = sum(counts[name] for name in kinds)
    if not erase:
        raise SignetError(
            Reason.KEY_EXISTS,
            f'the token "{token.label}" is initialised and shows {seen} objects without a login, '
            "and may hold private keys beside them; all of them would be destroyed: "
            "give --yes, or type its label when asked",
        )


def change_pin(request: ChangePin, output: Output) -> None:
    """Change the user PIN. Raises SignetError."""
    loaded = loading.load(request.target, output)
    token = refusals.chosen(loaded.library, request.target)
    old, new = Pin(request.pin), Pin(request.new_pin)
    login.check_length(loaded.admin, token, old, "the present PIN")
    login.check_length(loaded.admin, token, new, "the new PIN")
    refusals.check_user(token, accept_final_try=request.accept_final_try)
    output.doing("changing the PIN (C_SetPIN)")
    with login.opened(token) as session:
        answer = loaded.admin.set_pin(session.handle, old, new)
    refusals.check("changing the PIN", answer, "the present PIN")
    _describe(loaded, token, output)


def reset_pin(request: ResetPin, output: Output) -> None:
    """Set a new user PIN as the security officer. Raises SignetError."""
    loaded = loading.load(request.target, output)
    token = refusals.chosen(loaded.library, request.target)
    so_pin, new = Pin(request.so_pin), Pin(request.new_pin)
    login.check_length(loaded.admin, token, so_pin, "the SO PIN")
    login.check_length(loaded.admin, token, new, "the new PIN")
    refusals.check_officer(token, accept_final_try=request.accept_final_try)
    _set_as_officer(loaded, token, so_pin, new, output)
    _describe(loaded, token, output)


def _set_as_officer(
    loaded: Loaded, token: tokens.Token, so_pin: Pin, new: Pin, output: Output
) -> None:
    output.doing("logging in as security officer (C_Login), once")
    with login.opened(token) as session:
        answer = loaded.admin.log_in(session.handle, so_pin, officer=True)
        refusals.check("logging in as security officer", answer, "the SO PIN")
        output.doing("setting the user PIN (C_InitPIN)")
        answer = loaded.admin.init_pin(session.handle, new)
        loaded.admin.log_out(session.handle)
    refusals.check("setting the user PIN", answer, "the new PIN")


def _describe(loaded: Loaded, token: tokens.Token, output: Output) -> None:
    with translated("reading the token"):
        found = token.slot.get_token()
    output.section("token", tokens.describe(found, loaded.admin))
