"""The commands of the README are run, as they stand there."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="signetd-"))
    yield made
    shutil.rmtree(made)


def in_folder(text: str, folder: Path) -> str:
    """Take the README's text to a folder of ours, and to this interpreter's programs."""
    text = re.sub(r"/tmp/", f"{folder}/", text)  # noqa: S108  # the README says so
    return text.replace(".venv/bin/", f"{Path(sys.executable).parent}/")


def test_the_two_commands_are_targets() -> None:
    commands = re.findall(r"^make (\w+)", BLOCKS[0][1], re.MULTILINE)
    assert commands == ["demo", "test"]
    for command in commands:
        subprocess.run(["make", "-n", command], cwd=ROOT, check=True, capture_output=True)


def test_how_to_go_on(folder: Path) -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds == ["sh", "sh", "python"], "the README changed: change this test with it"
    shell, program = in_folder(BLOCKS[1][1], folder), in_folder(BLOCKS[2][1], folder)
    start, *commands = shell.splitlines()
    ready = f"until grep -q ready {folder}/out; do kill -0 $daemon; sleep 0.1; done"
    script = "\n".join(
        [
            "set -eu",
            f"{start.removesuffix('&')} >{folder}/out 2>{folder}/err &",
            "daemon=$!",
            "trap 'kill $daemon; wait $daemon' EXIT",
            ready,
            *commands,
            f"{sys.executable} - <<'END'\n{program}\nprint(signature.algorithm)\nEND",
        ]
    )
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell_process:
        try:
            output, _ = shell_process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            os.killpg(shell_process.pid, signal.SIGKILL)
            raise
    assert shell_process.returncode == 0, output
    assert "Signature Verified Successfully" in output
    assert output.rstrip().endswith("SM2_SM3")
