"""A daemon under cProfile: ``python -m benchmarks.stages.functions --config FILE``.

It writes ``functions.pstats`` beside the configuration when it ends. What its other threads do,
those of gRPC and of the audit's transactions, is not seen.
"""

import cProfile
import sys
from pathlib import Path

from signetd.daemon.__main__ import main

if __name__ == "__main__":
    profile = cProfile.Profile()
    try:
        profile.runcall(main)
    finally:
        profile.dump_stats(Path(sys.argv[-1]).with_name("functions.pstats"))
