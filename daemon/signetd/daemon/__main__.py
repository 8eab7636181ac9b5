"""The command `signetd`. The daemon itself starts here without what reads a command line."""

import gc
import sys
from pathlib import Path

from signetd.daemon.rpc.poller import poll_in_own_thread
from signetd.daemon.rpc.tls import require_tls13

# gRPC reads these when it is loaded, which the imports below do.
require_tls13()
poll_in_own_thread()


def main() -> None:
    """Run the command line. Without the daemon's packages it says how to install them."""
    try:
        file = _configuration(sys.argv[1:])
        if file is None:
            _command_line()
        else:
            _daemon(file)
    except ModuleNotFoundError as error:
        if (error.name or "signetd").partition(".")[0] == "signetd":
            raise  # a part of our own is missing
        print(
            f"signetd: the package {error.name} is missing; the daemon needs more than the client: "
            "pip install 'signetd[daemon]'",
            file=sys.stderr,
        )
        sys.exit(1)


def _configuration(arguments: list[str]) -> Path | None:
    """Return FILE of `--config FILE` and `run --config FILE`; None for anything else."""
    match arguments:
        case ["--config", file] | ["run", "--config", file] if not file.startswith("-"):
            return Path(file)
        case _:
            return None


def _command_line() -> None:
    from signetd.daemon.commands import app

    app(prog_name="signetd")


def _daemon(file: Path) -> None:
    # Loading makes next to no garbage: to look for it again and again is a tenth of the time. The
    # daemon collects again when it is complete (lifecycle).
    gc.disable()
    # A daemon runs for months: typer and what it needs would be 8 MiB of its memory, and rich,
    # with which structlog would draw tracebacks that are never shown here, 4 MiB.
    sys.modules["rich"] = None  # type: ignore[assignment]  # says that it is not to be had
    import structlog  # noqa: F401

    del sys.modules["rich"]
    from signetd.daemon import launch

    launch.run(file)


if __name__ == "__main__":
    main()
