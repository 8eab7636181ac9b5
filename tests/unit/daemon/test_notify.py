"""The service manager's socket."""

import socket
from pathlib import Path

import pytest

from signetd.daemon.notify import notify


def test_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0signetd-test-{tmp_path}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@signetd-test-{tmp_path}")
        assert notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
