"""Compiling the test modules, once, into the cache."""

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

from signetd.softhsm import apt, cache
from signetd.softhsm.errors import BuildError, SoftHsmError

ModuleName = Literal["sm2", "fault"]

_PACKAGES = ("gcc", "libc6-dev", "libssl-dev")
_COMPILERS = ("cc", "gcc", "clang")
_FLAGS = (
    *("-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-fvisibility=hidden"),
    *("-Wall", "-Wextra", "-Werror"),
)
_LIBRARIES: dict[ModuleName, tuple[str, ...]] = {
    # The run-time library by its name: the link libcrypto.so belongs to the headers' package,
    # which may be in the cache, where the link leads nowhere.
    "sm2": ("-l:libcrypto.so.3", "-ldl", "-lpthread"),
    "fault": ("-ldl", "-lpthread"),
}


def build_module(name: ModuleName = "sm2", *, install: bool = False) -> Path:
    """Compile the module *name*; return its path. What was built before is used again.

    With *install*, a missing compiler or header is installed where we may. Raises BuildError.
    """
    if name not in _LIBRARIES:
        raise BuildError(f'there is no test module "{name}"; there are {", ".join(_LIBRARIES)}')
    compiler = _find_compiler()
    if compiler is None:
        ensure_build_tools(install=install)
        compiler = _find_compiler() or "cc"
    with resources.as_file(resources.files(__package__) / "modules") as folder:
        sources = [folder / "loader.c", *sorted(folder.glob(f"{name}_*.c"))]
        key = _key(compiler, name, [*sources, *sorted(folder.glob("*.h"))])
        target = cache.folder(f"modules/{key}") / f"signetd_{name}.so"
        if not target.exists():
            includes = ensure_build_tools(install=install)
            _compile([compiler, *includes, *_FLAGS], sources, _LIBRARIES[name], target)
    return target


def ensure_build_tools(*, install: bool = False) -> list[str]:
    """Check that there is a C compiler with OpenSSL's headers; return the options that it needs.

    With *install*, what is missing is installed as root, or with sudo; headers are else unpacked
    into the cache. Raises BuildError naming what is missing and the command that installs it.
    """
    missing = _missing([])
    if missing is None:
        return []
    if missing == "headers" and _has_headers(cached := _cached_includes()):
        return cached
    if install and apt.can_install():
        apt.install(*_PACKAGES)
        missing = _missing([])
    elif install and missing == "headers":
        apt.unpack(cache.folder("headers"), "libssl-dev")
        return ensure_build_tools()
    if missing is not None:
        what = (
            "a C compiler is"
            if missing == "compiler"
            else "OpenSSL's or the C library's headers are"
        )
        raise BuildError(f"{what} missing; {apt.advice(*_PACKAGES)}")
    return []


def _missing(includes: list[str]) -> Literal["compiler", "headers"] | None:
    if _find_compiler() is None:
        return "compiler"
    return None if _has_headers(includes) else "headers"


def _find_compiler() -> str | None:
    return next((path for name in _COMPILERS if (path := shutil.which(name))), None)


def _cached_includes() -> list[str]:
    if not (cache.base() / "headers").exists():
        return []
    root = cache.folder("headers")
    # Debian keeps some of the headers in a folder named after the architecture.
    folders = [root / "usr/include", *sorted(root.glob("usr/include/*-linux-*"))]
    return [f"-I{folder}" for folder in folders]


def _has_headers(includes: Sequence[str]) -> bool:
    compiler = _find_compiler()
    if compiler is None:
        return False
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "probe.c"
        source.write_text("#include <stdio.h>\n#include <openssl/evp.h>\n")
        try:
            apt.run(compiler, *includes, "-fsyntax-only", str(source))
        except SoftHsmError:
            return False
    return True


def _key(compiler: str, name: ModuleName, files: Sequence[Path]) -> str:
    """Return a name for what comes out: it depends on sources, compiler, options and machine."""
    parts = [apt.run(compiler, "--version"), platform.machine(), *_FLAGS, *_LIBRARIES[name]]
    digest = hashlib.sha256("\0".join(parts).encode())
    for file in files:
        digest.update(f"\0{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _compile(
    compiler: Sequence[str], sources: Sequence[Path], libraries: Sequence[str], target: Path
) -> None:
    """Compile beside the target and move it there, so that nobody loads half a file."""
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        built = Path(temporary) / target.name
        names = [str(source) for source in sources]
        try:
            apt.run(*compiler, "-shared", "-o", str(built), *names, *libraries)
        except SoftHsmError as error:
            raise BuildError(f"{target.name} cannot be compiled: {error}") from error
        built.replace(target)
