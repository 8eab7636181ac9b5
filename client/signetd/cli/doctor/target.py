"""Which module and which token: the options that all of these commands have."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from signetd.cli.doctor import process
from signetd.cli.doctor.process import Answer
from signetd.cli.session import Session

Module = Annotated[Path, typer.Option("--module", help="The vendor's PKCS#11 library")]
Serial = Annotated[str, typer.Option("--slot-serial", "--serial", help="The token's serial number")]
Label = Annotated[str, typer.Option("--label", help="The token's label")]
ProfileName = Annotated[str, typer.Option("--profile", help="A profile's name, or its file")]
Profiles = Annotated[
    Path | None, typer.Option("--profiles", help="Folder with profiles of your own")
]
Environment = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME=VALUE", help="A variable for the module; repeatable"),
]
Deadline = Annotated[
    float,
    typer.Option(
        "--deadline", min=0.1, help="Seconds without progress after which the module is given up"
    ),
]
FinalTry = Annotated[
    bool,
    typer.Option("--final-try", help="Even if one more wrong PIN would lock the token"),
]
_SECRETS = ("PIN", "PASSWORD", "PASSWD", "PASSPHRASE")


@dataclass(frozen=True)
class Target:
    """The module, the token in it, and for how long it is waited for."""

    module: Path
    serial: str = ""
    label: str = ""
    slot: int | None = None
    profile: str = ""
    profiles: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    deadline: float = 120.0

    @classmethod
    def given(
        cls,
        session: Session,
        module: Path,
        serial: str,
        label: str,
        profile: str,
        environment: list[str] | None,
        deadline: float,
        *,
        slot: int | None = None,
        profiles: Path | None = None,
    ) -> "Target":
        """Take the options of a command; a malformed --env ends it."""
        variables = _variables(session, environment)
        return cls(module, serial, label, slot, profile, profiles, variables, deadline)

    def ask(self, kind: str, pins: list[str], **fields: Any) -> Answer:
        """Have the doctor do one thing; *pins* are never shown."""
        target = {
            "module": str(self.module.absolute()),
            "serial": self.serial,
            "label": self.label,
            "slot": self.slot,
            "profile": self._profile,
            "profiles": str(self.profiles.absolute()) if self.profiles else "",
            "environment": self.environment,
        }
        request = {"type": kind, "target": target, **fields}
        return process.run(request, self.environment, self.deadline, pins)

    @property
    def _profile(self) -> str:
        is_file = self.profile.endswith(".toml")
        return str(Path(self.profile).absolute()) if is_file else self.profile


def check(session: Session, answer: Answer) -> None:
    """End the command if the doctor did not do all that was asked."""
    if answer.error is not None:
        for line in answer.printed:
            typer.echo(f"the module printed: {line}", err=True)
        facts = {k: v for k, v in answer.error.items() if k != "message"}
        session.fail(answer.error["message"], **facts)


def _variables(session: Session, given: list[str] | None) -> dict[str, str]:
    found = {}
    for text in given or []:
        name, is_there, value = text.partition("=")
        if not is_there or not name.isidentifier():
            session.fail("--env must be NAME=VALUE, as in SOFTHSM2_CONF=/etc/softhsm2.conf")
        if any(word in name.upper() for word in _SECRETS):
            session.fail(f"--env {name} is refused: no PIN goes into the environment")
        found[name] = value
    return found
