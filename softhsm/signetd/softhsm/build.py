"""Compiling the test modules, once, into the cache."""

import hashlib
import os
import platform
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from signetd.softhsm import apt, cache
from signetd.softhsm.errors import SoftHsmError

_PACKAGES = ("gcc", "libc6-dev", "libssl-dev")
_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden")
_LIBRARIES = ("-lcrypto", "-ldl", "-lpthread")


def _compiler(*, install: bool) -> str:
    """Find a C compiler that sees OpenSSL's headers."""
    for attempt in range(2):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler and _has_headers(compiler):
            return compiler
        if attempt == 0 and install and apt.as_root() is not None:
            apt.install(*_PACKAGES)
    what = "OpenSSL's headers are" if compiler else "a C compiler is"
    raise SoftHsmError(f"{what} missing; run  sudo apt-get install {' '.join(_PACKAGES)}")


def _has_headers(compiler: str) -> bool:
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "probe.c"
        source.write_text("#include <stdio.h>\n#include <openssl/evp.h>\n")
        try:
            apt.run(compiler, "-fsyntax-only", str(source))
        except SoftHsmError:
            return False
    return True


def build_module(name: str = "sm2", *, install: bool = False) -> Path:
    """Compile the module *name*; return its path. What was built before is used again.

    With *install*, a missing compiler is installed where we may. Raises SoftHsmError.
    """
    compiler = _compiler(install=install)
    with resources.as_file(resources.files(__package__) / "modules") as folder:
        sources = [*sorted(folder.glob(f"{name}_*.c")), folder / "loader.c"]
        if len(sources) == 1:
            raise SoftHsmError(f'there is no test module "{name}"')
        key = hashlib.sha256(apt.run(compiler, "--version").encode() + platform.machine().encode())
        key.update(" ".join(_FLAGS).encode())
        for file in sorted(folder.iterdir()):
            key.update(file.name.encode() + b"\0" + file.read_bytes())
        target = cache.folder(f"modules/{key.hexdigest()[:16]}") / f"signetd_{name}.so"
        if not target.exists():
            _compile(compiler, sources, target)
    return target


def _compile(compiler: str, sources: list[Path], target: Path) -> None:
    """Compile beside the target and move it there, so that nobody loads half a file."""
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        built = Path(temporary) / target.name
        names = [str(source) for source in sources]
        apt.run(compiler, *_FLAGS, "-shared", "-o", str(built), *names, *_LIBRARIES)
        os.replace(built, target)  # noqa: PTH105  # one call, one meaning: atomic
