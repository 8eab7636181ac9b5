"""A process that holds a PIN can neither dump its memory nor outlive its parent."""

import subprocess
import sys
import time
from pathlib import Path

FORBID = """
import ctypes
from signetd.drivers.isolation import hygiene
libc = ctypes.CDLL(None)
assert libc.prctl(3, 0, 0, 0, 0) == 1, "PR_GET_DUMPABLE should be 1 before"
hygiene.forbid_dumps()
assert libc.prctl(3, 0, 0, 0, 0) == 0
"""
PARENT = """
import os, subprocess, sys
child = "import os, time; from signetd.drivers.isolation import hygiene; " \\
        "hygiene.die_with_parent(os.getppid()); print(os.getpid(), flush=True); time.sleep(60)"
process = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, text=True)
print(process.stdout.readline().strip(), flush=True)
os._exit(0)
"""


def test_memory_cannot_be_dumped() -> None:
    subprocess.run([sys.executable, "-c", FORBID], check=True, timeout=60)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_worker_dies_with_its_parent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT], check=True, capture_output=True, text=True, timeout=60
    )
    pid, deadline = int(done.stdout), time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)
