"""A daemon under cProfile: ``python -m benchmarks.stages.functions --config FILE``.

From its first signature on. It writes ``functions.pstats`` beside the configuration when it ends.
What its other threads do, those of gRPC and of the audit's transactions, is not seen.
"""

import cProfile
import sys
import time
from pathlib import Path
from typing import Any

from signetd.daemon.__main__ import main
from signetd.daemon.rpc.signing_api import SigningApi

_sign = SigningApi.sign
_profile = cProfile.Profile(time.thread_time)  # so that what else the machine does is not seen


async def _begin_and_sign(self: SigningApi, request: Any) -> Any:
    SigningApi.sign = _sign  # type: ignore[method-assign]
    _profile.enable()
    return await _sign(self, request)


if __name__ == "__main__":
    SigningApi.sign = _begin_and_sign  # type: ignore[method-assign]  # that is what this is for
    try:
        main()
    finally:
        _profile.disable()
        _profile.dump_stats(Path(sys.argv[-1]).with_name("functions.pstats"))
