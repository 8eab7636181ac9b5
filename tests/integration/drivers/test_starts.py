"""Workers are started by a process full of threads, and neither it nor they come to harm."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

_STARTS = 30


def test_many_starts_in_a_row(tmp_path: Path) -> None:
    """Forked by uvloop, one worker in fifteen of a busy daemon ended in a segmentation fault.

    That is rare in an idle one; but gRPC always complains when a process with its threads forks.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.drivers.many_starts", f"{_STARTS}", tmp_path],
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, f"the starting process ended with {done.returncode}: {done.stderr}"
    assert "fork" not in done.stderr, f"the starting process was forked: {done.stderr}"
    found = json.loads(done.stdout)
    assert found["threads"] > 2, "gRPC's threads were not there, so nothing was proven"
    assert Counter(found["ends"]) == {"answered": _STARTS}, "a worker came to harm"
    assert found["descriptors_left"] == 0
