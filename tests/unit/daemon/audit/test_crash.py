"""A daemon is killed while it writes: everything that it had acknowledged is in the chain."""

import subprocess
import sys
from pathlib import Path

import pytest

from signetd.daemon.state import open_database
from tests.unit.daemon.audit.conftest import CHAIN, records


def write_and_kill(folder: Path, after: int) -> list[int]:
    """Return the numbers that were acknowledged before the kill, which follows on so many."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.daemon.audit.crash_writer", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    numbers = [int(process.stdout.readline()) for _ in range(after)]
    process.kill()
    rest, _ = process.communicate(timeout=30)
    # The last line may be cut off in the middle.
    return numbers + [int(line) for line in rest.splitlines(keepends=True) if line[-1] == "\n"]


@pytest.mark.parametrize("after", [(1, 50, 333)])
def test_what_was_acknowledged_is_there_after_a_kill(
    tmp_path: Path, after: tuple[int, ...]
) -> None:
    acknowledged: list[int] = []
    for each in after:
        acknowledged += write_and_kill(tmp_path, each)
    database = open_database(tmp_path)
    found = records(database.audit(CHAIN))  # asserts the links
    database.close()
    assert len(set(acknowledged)) == len(acknowledged), "no number may be given twice"
    lost = set(acknowledged) - {each["number"] for each in found if each["operation"] == "sign"}
    assert not lost, f"records were acknowledged and are not there: {sorted(lost)[:10]}"
    uses = [each["use"] for each in found if "use" in each]
    assert uses == list(range(1, len(uses) + 1)), "the counter must go on where it was"
    assert [each["operation"] for each in found].count("start") == len(after)
