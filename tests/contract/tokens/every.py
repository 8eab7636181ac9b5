"""Every token that the suite is run against, by name."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

from tests.contract.subject import Subject
from tests.contract.tokens import memory, nss, own, p11kit, softhsm, tpm2

Make = Callable[[Path], AbstractContextManager[Subject]]

OWN: Final = os.environ.get("SIGNETD_TOKEN_CONFIG", "")
"""The file that names a token of one's own: then the suite is run against that one alone."""

STRICT: Final = bool(os.environ.get("SIGNETD_TEST_TOKENS"))
"""Whether a token that cannot be had fails the tests; else they are skipped, and it is said."""

_ALL: Final[dict[str, Make]] = {
    "fake": memory.token,
    "softhsm": softhsm.plain,
    "sansec": partial(softhsm.disguised, "sansec"),
    "luna": partial(softhsm.disguised, "luna"),
    "mesince": partial(softhsm.disguised, "mesince"),
    "nss": nss.database,
    "tpm2": tpm2.tpm,
    "p11-kit": p11kit.remote,
}
TOKENS: Final[dict[str, Make]] = {"own": partial(own.token, Path(OWN))} if OWN else _ALL
