"""A worker that notes when the parts of each signature began; started by ``stages.daemon``.

It writes them into the file that SIGNETD_STAGES names when it ends.
"""

import os
from pathlib import Path

from benchmarks.stages.hooks import around
from benchmarks.stages.spans import Recorder
from signetd.drivers import verify
from signetd.drivers.isolation import wire, worker
from signetd.drivers.pkcs11.token import Pkcs11Token

VARIABLE = "SIGNETD_STAGES"


def watch(recorder: Recorder, file: Path) -> None:
    """Put the clocks in, and have everything written into *file* at the end."""
    around(Pkcs11Token, "_ask", "token", recorder)
    around(verify, "verify", "verification", recorder)
    answer = worker.Worker.answer
    around(worker.Worker, "answer", "answer", recorder, begins=True)
    timed = worker.Worker.answer
    run = worker.Worker.run

    def answer_signatures_timed(self: worker.Worker, call: wire.Call) -> wire.Reply:
        return (timed if isinstance(call.command, wire.Sign) else answer)(self, call)

    def run_and_write(self: worker.Worker) -> None:
        try:
            run(self)
        finally:  # before the socket is closed: the daemon kills a worker that has closed it
            recorder.write(file)

    worker.Worker.answer = answer_signatures_timed  # type: ignore[method-assign]
    worker.Worker.run = run_and_write  # type: ignore[method-assign]


if __name__ == "__main__":
    watch(Recorder(), Path(os.environ[VARIABLE]))
    worker.main()
