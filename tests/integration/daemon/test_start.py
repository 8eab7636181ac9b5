"""A daemon that cannot use its state says why in a sentence, and does not start."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from signetd.daemon.state import open_database

CONFIGURATION = """
[daemon]
state_directory = "state"
[[listener]]
unix = "socket"
identity = "all"
"""
ROW = """
INSERT INTO keys VALUES ('seal', 'SM2', 'SM2_SM3', 'MELTED', 'ENROLLED', 1, 't', 'l', '1', x'00',
x'00', 'f', 'HARDWARE', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'SIGNING',
'{}', x'')
"""


def test_an_altered_key_is_told_without_a_traceback(tmp_path: Path) -> None:
    database = open_database(tmp_path / "state")
    with database.transaction("The state") as connection:
        connection.execute(text(ROW))
    database.close()
    file = tmp_path / "signetd.toml"
    file.write_text(CONFIGURATION)
    command = [sys.executable, "-m", "signetd.daemon", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "signetd: The database's row of the key 'seal' cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
