"""Commands for the fault module: the control file, replaced as a whole."""

import os
import tempfile
from pathlib import Path

from signetd.softhsm.errors import SoftHsmError


def set_faults(file: Path, *rules: str) -> None:
    """Replace the rules in *file* (SIGNETD_FAULT_FILE); without rules there are no faults.

    A rule is one line, ``FUNCTION ACTION [ARGUMENT] [after=N] [times=N]``. The module never sees
    half a file, and its counters start again. Raises SoftHsmError for a rule of several lines.
    """
    if any("\n" in rule for rule in rules):
        raise SoftHsmError("rules: give each rule as an argument of its own, in one line")
    # A fresh file each time: the module tells a change by the inode, too, not by the time alone.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "w") as out:
        out.writelines(f"{rule}\n" for rule in rules)
    Path(name).replace(file)
