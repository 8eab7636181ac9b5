"""A daemon that notes when the parts of each signature began: ``python -m benchmarks.stages.daemon
--config FILE``. It writes them into ``spans.json`` beside the configuration when it ends.
"""

import os
import sys
from pathlib import Path

from benchmarks.stages.hooks import around
from benchmarks.stages.spans import Recorder
from signetd.daemon.__main__ import main
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.policy.gate import Gate
from signetd.daemon.rpc import dispatch
from signetd.daemon.signing import SigningDesk
from signetd.drivers.isolation import child
from signetd.drivers.isolation.pool import TokenPool

_WORKER = "benchmarks.stages.worker"


def watch(recorder: Recorder) -> None:
    """Put the clocks in. Each call of the API is a request of its own."""
    around(dispatch.Dispatcher, "_call", "call", recorder, begins=True)
    around(dispatch, "receive", "read", recorder)
    around(Gate, "caller", "gate", recorder)
    around(Gate, "signing", "gate", recorder)
    around(SigningDesk, "sign", "desk", recorder)
    around(TokenPool, "sign", "pool", recorder)
    around(GroupLedger, "write_many", "ledger", recorder)
    # A worker is told by its environment where to find the program in place of its own.
    os.environ["PYTHONPATH"] = str(Path.cwd())
    child._MODULE = _WORKER  # type: ignore[misc]  # that is what this is for


if __name__ == "__main__":
    recorder = Recorder()
    watch(recorder)
    try:
        main()
    finally:
        recorder.write(Path(sys.argv[-1]).with_name("spans.json"))
