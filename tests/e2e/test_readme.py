"""The commands of the README are run, as they stand there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.documents import ROOT, SECONDS, blocks, run, script

BLOCKS = blocks("README.md")


def test_the_two_commands_are_targets() -> None:
    commands = re.findall(r"^make (\w+)", BLOCKS[0][1], re.MULTILINE)
    assert commands == ["demo", "test"]
    for command in commands:
        subprocess.run(["make", "-n", command], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.timeout(SECONDS + 20)
def test_how_to_go_on(folder: Path) -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds == ["sh"] * 6 + ["python"], "the README changed: change this test with it"
    *shells, (_, program) = BLOCKS[1:]
    printing = f"{program}\nprint(signature.algorithm)"
    code, output = run(script([*shells, ("python", printing)], folder), SECONDS)
    assert code == 0, output
    assert "Signature Verified Successfully" in output
    assert "Yes: grants/" in output
    assert "nothing was changed" in output
    assert output.rstrip().endswith("SM2_SM3")
