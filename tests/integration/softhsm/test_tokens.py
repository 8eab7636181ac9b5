"""Tokens made for tests: SoftHSM's store, PIN files, and what a second or interrupted run does."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from signetd.softhsm import (
    ProvisionedToken,
    SoftHsmError,
    TokenStore,
    build_module,
    provision,
    random_pin,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_private(tmp_path: Path) -> None:
    token = provision(tmp_path / "new", "a label")
    assert mode(tmp_path / "new") == 0o700
    configuration = Path(token.environment["SOFTHSM2_CONF"])
    for file in (token.user_pin_file, token.so_pin_file, configuration):
        assert mode(file) == 0o600, file
    assert f"directories.tokendir = {tmp_path}/new/tokens\n" in configuration.read_text()
    assert token.user_pin_file.read_text() != token.so_pin_file.read_text()
    assert len(token.user_pin_file.read_text()) == 16


def test_second_call_returns_the_same_token(tmp_path: Path) -> None:
    first = provision(tmp_path, "label")
    pins = first.user_pin_file.read_text(), first.so_pin_file.read_text()
    assert provision(tmp_path, "label") == first
    assert (first.user_pin_file.read_text(), first.so_pin_file.read_text()) == pins
    assert provision(tmp_path, "label", module="fault").serial == first.serial


def test_another_label_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    provision(tmp_path, "label")
    with pytest.raises(SoftHsmError, match='holds a token "label", not "other"'):
        provision(tmp_path, "other")


def test_lost_token_is_named(tmp_path: Path) -> None:
    token = provision(tmp_path, "label")
    for folder in (tmp_path / "tokens").iterdir():
        folder.rename(tmp_path / "lost")
    with pytest.raises(SoftHsmError, match=f"rm -r {tmp_path}"):
        provision(tmp_path, token.label)


def test_interrupted_run_is_completed(tmp_path: Path, child_of: Callable[..., Any]) -> None:
    first = provision(tmp_path, "label")
    (tmp_path / "token.json").unlink()  # the last thing that is written
    assert provision(tmp_path, "label") == first
    assert len(list((tmp_path / "tokens").iterdir())) == 1, "no second token was made"
    child_of(first).start_session()


def test_token_without_user_pin_is_completed(tmp_path: Path, child_of: Callable[..., Any]) -> None:
    store = TokenStore(tmp_path)
    for name in ("so.pin", "user.pin"):
        (tmp_path / name).write_text(random_pin())
    probe = ProvisionedToken(
        "label", "0", tmp_path / "user.pin", tmp_path / "so.pin", store.softhsm.module,
        store.environment(),
    )  # fmt: skip
    child = child_of(probe)
    assert child.initialize() == [0]
    (empty,) = child.slots()[1]
    assert child.init_token(empty, str(probe.so_pin_file), "label") == [0]
    child.end()
    child_of(provision(tmp_path, "label")).start_session()


def test_parallel_runs_make_one_token(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        tokens = list(pool.map(lambda _: provision(tmp_path, "label"), range(3)))
    assert len({token.serial for token in tokens}) == 1
    assert len(list((tmp_path / "tokens").iterdir())) == 1


def test_several_tokens_in_one_store(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    serials = {store.init_token(f"label {n}", random_pin(), random_pin()) for n in range(3)}
    assert len(serials) == 3


@pytest.mark.parametrize("label", ["", "x" * 33, "公" * 11, "a\nb", " a", "a "])
def test_unusable_label_is_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(SoftHsmError, match="label: "):
        provision(tmp_path, label)


def test_label_in_chinese(tmp_path: Path, child_of: Callable[..., Any]) -> None:
    token = provision(tmp_path, "公章测试令牌")
    (tmp_path / "token.json").unlink()
    assert provision(tmp_path, "公章测试令牌") == token
    child_of(token).start_session()


def test_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(SoftHsmError, match="can be written by others"):
        provision(tmp_path, "label")


def test_pins_are_in_no_argument_and_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SoftHSM that fails after it was given the PINs."""
    seen: list[Any] = []
    run = subprocess.run

    def failing(command: list[str], **options: Any) -> Any:
        seen.append((command, options["env"]))
        options["env"] = options["env"] | {"SOFTHSM2_CONF": "/nonexistent"}
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", failing)
    store = TokenStore(tmp_path)
    with pytest.raises(SoftHsmError) as raised:
        store.init_token("label", "so-pin-secret", "user-pin-secret")
    assert seen
    assert "pin-secret" not in str(raised.value) + str(raised.value.__cause__) + str(seen)


def test_the_calling_process_loads_no_module(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, signetd.softhsm as s\n"
        "s.provision(pathlib.Path(sys.argv[1]), 'label', module='fault')\n"
        "maps = pathlib.Path('/proc/self/maps').read_text()\n"
        "print('softhsm2' in maps or 'signetd_' in maps or 'pkcs11' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "False\n"


def test_modules_export_one_function() -> None:
    for path in (build_module("sm2"), build_module("fault")):
        symbols = subprocess.run(
            ["nm", "-D", "--defined-only", str(path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
        assert [line.split()[-1] for line in symbols.splitlines()] == ["C_GetFunctionList"]


def test_record_holds_no_secret(tmp_path: Path) -> None:
    token = provision(tmp_path, "label")
    assert json.loads((tmp_path / "token.json").read_text()) == {
        "label": "label",
        "serial": token.serial,
    }
    assert "SIGNETD_SM2_MODULE" not in token.environment
    assert token.module.name == "libsofthsm2.so"
    assert os.access(token.module, os.R_OK)
