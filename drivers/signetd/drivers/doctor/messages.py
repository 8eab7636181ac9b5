"""What the doctor is asked, and the lines it answers with. docs/doctor.md has the schema."""

import msgspec


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Which token is meant: ``serial``, ``label`` or both; ``slot`` for one that has neither.

    ``profile`` is a name or the path of a file; "" lets the doctor choose. ``profiles`` is a
    folder of the administrator's. ``environment`` is what the module was started with.
    """

    module: str
    serial: str = ""
    label: str = ""
    slot: int | None = None
    profile: str = ""
    profiles: str = ""
    environment: dict[str, str] = {}


class _Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may hold a PIN: it is never shown."""

    target: Target

    def __repr__(self) -> str:
        return f"{type(self).__name__}(redacted)"


class Probe(_Secret, frozen=True, kw_only=True, tag=True):
    """Examine the token; with ``pin`` also what needs a login, which is tried once.

    ``seconds`` are those for which each algorithm signs. ``pin_file`` is where the PIN came from.
    """

    pin: str = ""
    pin_file: str = ""
    accept_final_try: bool = False
    seconds: float = 1.0


class Init(_Secret, frozen=True, kw_only=True, tag=True):
    """Initialise the token, which destroys what is on it; ``erase`` says that this is meant."""

    label: str
    so_pin: str
    user_pin: str
    erase: bool = False


class ChangePin(_Secret, frozen=True, kw_only=True, tag=True):
    """Change the user PIN, presenting the present one once."""

    pin: str
    new_pin: str
    accept_final_try: bool = False


class ResetPin(_Secret, frozen=True, kw_only=True, tag=True):
    """Set the user PIN as the security officer, whose PIN is presented once."""

    so_pin: str
    new_pin: str
    accept_final_try: bool = False


Request = Probe | Init | ChangePin | ResetPin


class Doing(msgspec.Struct, frozen=True, tag=True):
    """What is begun now; if nothing follows, the module hung or crashed at it."""

    text: str


class Section(msgspec.Struct, frozen=True, tag=True):
    """A part of the report."""

    name: str
    value: object


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why the rest is missing."""

    reason: str
    message: str
    ckr: str = ""


class Done(msgspec.Struct, frozen=True, tag=True):
    """Everything that was asked for is done."""
