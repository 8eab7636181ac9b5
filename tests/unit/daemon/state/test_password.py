"""The password of the database: from a private file, and nowhere to be seen."""

import os
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from signetd.daemon.state import StateError
from signetd.drivers.errors import SignetError
from tests.postgres import GUARDED
from tests.unit.daemon.places import SharedPlace

PASSWORD = "5ec2e7-pa55-w0rd"


@pytest.fixture
def guarded(shared: SharedPlace, tmp_path: Path) -> Iterator[tuple[SharedPlace, Path]]:
    """A place whose user needs a password, and the file with it."""
    server = shared.server
    server.run(shared.name, f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'")
    server.run(shared.name, f"ALTER DATABASE {shared.name} OWNER TO {GUARDED}")
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text(PASSWORD + "\n")
    yield shared, file
    server.run(shared.name, f"DROP OWNED BY {GUARDED}")
    server.run(shared.name, f"ALTER DATABASE {shared.name} OWNER TO CURRENT_USER")
    server.run(shared.name, f"DROP ROLE {GUARDED}")


def test_the_password_comes_from_its_file_and_is_never_shown(
    guarded: tuple[SharedPlace, Path],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    shared, file = guarded
    caplog.set_level("DEBUG")
    url = shared.server.url(shared.name, GUARDED)
    with shared.opened(url=url, password_file=file) as database:
        with database.transaction("The state") as connection:
            assert connection.exec_driver_sql("SELECT current_user").scalar() == GUARDED
            shown = [repr(connection), repr(connection.connection.dbapi_connection)]
        shown += [repr(database._engine), repr(database._engine.url), repr(vars(database))]
        shown += [repr(vars(database._hold)), Path("/proc/self/cmdline").read_text()]
        file.write_text("another")
        database._engine.dispose()
        with pytest.raises(SignetError, match="password authentication failed") as error:
            database.keys.all()
    shown += traceback.format_exception(error.value)
    out, err = capfd.readouterr()
    assert PASSWORD not in "".join([*shown, out, err, caplog.text, *os.environ.values()])


@pytest.mark.parametrize(
    ("mode", "content", "message"),
    [
        (0o644, PASSWORD, "has mode 0644, which is open to other users"),
        (0o600, "", "must hold one line"),
        (0o600, f"{PASSWORD}\n{PASSWORD}", "must hold one line"),
        (0o600, None, "cannot be read: No such file"),
    ],
)
def test_a_password_file_that_is_not_fit_is_refused(
    shared: SharedPlace, tmp_path: Path, mode: int, content: str | None, message: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(StateError, match=message) as error:
        shared.open(password_file=file, call_timeout=0.1)
    assert PASSWORD not in "".join(traceback.format_exception(error.value))
