"""What processes load when they start: that is most of their time and memory then.

A test that fails here names modules. Import them in the function that needs them, and say why
there; or take them out of the list if the process cannot do without.
"""

import subprocess
import sys
from pathlib import Path

import pytest

_DAEMON = """
import sys
from pathlib import Path
from signetd.daemon.__main__ import main
sys.argv[1:] = {arguments!r}
try:
    main()
except SystemExit as end:
    assert end.code == 1, end.code  # there is no such configuration
from signetd.daemon.state import open_database
open_database(Path("state")).close()
"""
_WORKER = "import signetd.drivers.isolation.worker"
_COMMAND = "import signetd.cli.app"
_READS_COMMAND_LINES = {"typer", "click", "rich", "pygments", "pydantic"}
_MIGRATES = {"alembic", "mako", "sqlalchemy.dialects.mysql", "sqlalchemy.dialects.oracle"}
_SERVES = {"grpc", "google.protobuf", "sqlalchemy", "structlog", "uvloop", "signetd.daemon"}
_CERTIFICATES = {"signetd.pki", "cryptography.x509", "ssl"}


def loaded(code: str, folder: Path) -> set[str]:
    """Names of the modules that are loaded after *code* has run in a new interpreter."""
    show = f"{code}\nprint(*(name for name, each in sys.modules.items() if each is not None))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{show}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("arguments", [["--config", "none"], ["run", "--config", "none"]])
def test_a_daemon_loads_neither_command_line_nor_migrations(
    arguments: list[str], tmp_path: Path
) -> None:
    code = _DAEMON.format(arguments=arguments)
    first = loaded(code, tmp_path)
    assert {"signetd.daemon.lifecycle", "alembic"} <= first, "a new database is migrated"
    second = loaded(code, tmp_path)
    assert {"signetd.daemon.lifecycle", "sqlalchemy", "structlog"} <= second
    assert second & (_READS_COMMAND_LINES | _MIGRATES) == set()


def test_a_worker_loads_what_signs_and_nothing_of_the_daemon(tmp_path: Path) -> None:
    found = loaded(_WORKER, tmp_path)
    assert {"pkcs11", "msgspec", "signetd.drivers.verify"} <= found
    assert found & (_SERVES | _CERTIFICATES | _READS_COMMAND_LINES | {"asyncio"}) == set()


def test_a_command_loads_what_reads_its_line_alone(tmp_path: Path) -> None:
    found = loaded(_COMMAND, tmp_path)
    assert "typer" in found
    assert found & (_SERVES | _CERTIFICATES | {"rich", "signetd.client", "cryptography"}) == set()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--config"], 2, "--config"),
        (["--config", "--help"], 1, "--help: cannot be read"),
        (["run", "--config=none"], 1, "none"),
        (["--config", "none"], 1, "none"),
        (["run", "none"], 2, "--config"),
        (["--config", "none", "extra"], 2, "extra"),
    ],
)
def test_every_way_to_start_a_daemon_is_understood(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    """Whether it is read here or by the command line: one way or the other there is an answer."""
    done = subprocess.run(
        [sys.executable, "-m", "signetd.daemon", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
