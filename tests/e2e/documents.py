"""Runs the commands of a document as they stand there."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SECONDS = 400.0
"""For the commands of one document: some dozens, on a machine that has much else to do."""
_REFUSED = re.compile(r"(.*?)\s+# refused: ([A-Z_]+)")
_START = """set -eu
export PATH="{bin}:$PATH"
refused() {{
    local reason=$1; shift
    if "$@" >{folder}/refused 2>&1; then echo "not refused: $*"; exit 1; fi
    grep -q "$reason" {folder}/refused || {{ cat {folder}/refused; exit 1; }}
}}
"""
_IN_BACKGROUND = """{command} >{folder}/out 2>{folder}/err &
daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
until grep -q ready {folder}/out || grep -q '"event": "ready"' {folder}/err; do
    kill -0 $daemon; sleep 0.1
done
"""


def blocks(document: str) -> list[tuple[str, str]]:
    """Return the commands and programs of a document: of which kind, and the text."""
    return re.findall(r"```(sh|python)\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def script(found: list[tuple[str, str]], folder: Path) -> str:
    """Write a script of them, for files in *folder* instead of /tmp, with this environment.

    A line that ends with & is the daemon: its readiness is waited for, and it is stopped at the
    end. One that ends with `# refused: REASON` must be refused for that reason.
    """
    lines = [_START.format(bin=BIN, folder=folder)]
    for kind, text in found:
        local = text.replace("/tmp/", f"{folder}/").replace(".venv/bin/", f"{BIN}/")  # noqa: S108
        if kind == "python":
            lines.append(f"{sys.executable} - <<'END'\n{local}\nEND")
        else:
            lines += [_line(line, folder) for line in local.splitlines()]
    return "\n".join(lines)


def _line(line: str, folder: Path) -> str:
    if line.endswith(" &"):
        return _IN_BACKGROUND.format(command=line.removesuffix(" &"), folder=folder)
    if refused := _REFUSED.fullmatch(line):
        return f"refused {refused[2]} {refused[1]}"
    return line


def run(text: str, seconds: float) -> tuple[int, str]:
    """Run a script; return its exit code, and all that it printed."""
    with subprocess.Popen(
        ["bash", "-c", text],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=seconds)
        except BaseException:  # out of time, by our clock or the test's
            os.killpg(shell.pid, signal.SIGKILL)
            raise
    return shell.returncode, output
