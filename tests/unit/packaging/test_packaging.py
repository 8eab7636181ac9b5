"""The source roots, the wheel, and what an import costs."""

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("root", ["daemon", "drivers", "client", "proto/gen", "softhsm"])
def test_namespace_has_no_init(root: str) -> None:
    """One ``__init__.py`` in signetd/ would hide the packages of the other source roots."""
    namespace = ROOT / root / "signetd"
    assert namespace.is_dir()
    assert not (namespace / "__init__.py").exists()


@pytest.mark.parametrize("root", ["daemon", "drivers", "client", "proto", "tests", "softhsm"])
def test_source_roots_are_not_packages(root: str) -> None:
    assert not (ROOT / root / "__init__.py").exists()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    done = subprocess.run([*build, str(ROOT)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    return next(folder.glob("*.whl"))


def test_wheel_holds_signetd_only_with_data_files(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"signetd", next(top for top in tops if top.endswith(".dist-info"))}
    for needed in (
        "signetd/softhsm/modules/sm2_module.c",
        "signetd/softhsm/modules/cryptoki.h",
        "signetd/drivers/pkcs11/profiles/luna.toml",
        "signetd/api/v1/signing_service_pb2.py",
    ):
        assert needed in names
    assert any("state/migrations/versions/" in name for name in names), names


def test_client_and_signetctl_load_no_driver() -> None:
    code = (
        "import sys, signetd.client, signetd.cli.app\n"
        "heavy = {'pkcs11', 'sqlalchemy', 'msgspec', 'structlog', 'signetd.drivers', "
        "'signetd.daemon'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"loaded without need: {done.stderr}"


def test_a_daemon_with_sqlite_needs_no_postgresql(tmp_path: Path) -> None:
    """Its driver is an extra of its own."""
    code = (
        "import sys, pathlib; sys.modules['psycopg'] = None\n"
        "from signetd.daemon import lifecycle\n"
        "from signetd.daemon.state import open_database\n"
        "open_database(pathlib.Path('state')).close()"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_help_needs_no_grpc() -> None:
    """What makes ``signetctl --help`` quick: nothing heavy is imported for it."""
    code = "import sys, signetd.cli.app; sys.exit('grpc' in sys.modules or 'rich' in sys.modules)"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], timeout=60)
    assert done.returncode == 0
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("command", [["dev", "instance"], ["check-config", "signetd.toml"]])
def test_the_daemon_without_its_packages_says_how_to_install_them(
    command: list[str], tmp_path: Path
) -> None:
    """As after ``pip install signetd``, which is for applications: no traceback."""
    code = (
        "import sys; sys.modules.update(msgspec=None, structlog=None, sqlalchemy=None)\n"
        f"from signetd.daemon.__main__ import main; sys.argv[1:] = {command!r}; main()"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "pip install 'signetd[daemon]'" in done.stderr
    assert "Traceback" not in done.stderr
