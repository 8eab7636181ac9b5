"""`signetd init`: makes the database and its first administrators."""

from pathlib import Path

import msgspec

from signetd.daemon.bootstrap import found
from signetd.daemon.config import load
from signetd.daemon.config.schema import IdentityName
from signetd.daemon.errors import StartError
from signetd.daemon.policy.checks import check_not_a_group
from signetd.daemon.policy.types import Role
from signetd.daemon.state import StateError, open_database
from signetd.drivers.errors import SignetError


async def run(
    file: Path, security_admin: str, system_admin: str | None, auditor: str | None
) -> None:
    """Add the administrators named; raises ConfigError, StartError."""
    config = load(file)
    _check_name(security_admin, "--security-admin")
    people = {security_admin: Role.SECURITY_ADMIN}
    for name, role in ((system_admin, Role.SYSTEM_ADMIN), (auditor, Role.AUDITOR)):
        if name is None:
            continue
        _check_name(name, f"--{role}")
        if name in people:
            raise StartError(
                f"{name!r} is named twice: nobody has two of these roles (三员分立); name somebody "
                "else."
            )
        people[name] = role
    try:
        database = open_database(
            config.daemon.state_directory, config.database, name=config.daemon.name
        )
    except StateError as error:
        raise StartError(str(error)) from None
    try:
        await found(config, database, people)
    finally:
        database.close()
    for name, role in people.items():
        print(f"{role}: {name}")


def _check_name(name: str, option: str) -> None:
    try:
        check_not_a_group(name, option)
        msgspec.convert(name, IdentityName)
    except SignetError as error:
        raise StartError(error.message) from None
    except msgspec.ValidationError:
        raise StartError(
            f"{name[:255]!r} cannot be an identity's name: 1 to 255 characters, without control "
            "characters and without blanks at its ends."
        ) from None
