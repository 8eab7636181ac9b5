"""A worker that notes when the parts of each signature began; started by ``stages.daemon``.

It writes them into the file that SIGNETD_STAGES names when it ends.
"""

import os
from pathlib import Path
from typing import Any

from benchmarks.stages.hooks import around
from benchmarks.stages.spans import Recorder
from signetd.drivers import verify
from signetd.drivers.isolation import wire, worker
from signetd.drivers.pkcs11.token import Pkcs11Token

VARIABLE = "SIGNETD_STAGES"


def watch(recorder: Recorder) -> None:
    """Put the clocks in."""
    around(Pkcs11Token, "_ask", "token", recorder)
    around(verify, "verify", "verification", recorder)
    answer = worker.Worker.answer
    around(worker.Worker, "answer", "answer", recorder, begins=True)
    timed = worker.Worker.answer

    def of_signatures(self: worker.Worker, call: wire.Call) -> Any:
        chosen = timed if isinstance(call.command, wire.Sign) else answer
        return chosen(self, call)

    worker.Worker.answer = of_signatures  # type: ignore[method-assign]


if __name__ == "__main__":
    recorder = Recorder()
    watch(recorder)
    try:
        worker.main()
    finally:
        recorder.write(Path(os.environ[VARIABLE]))
