"""The command line `signetd`: runs the daemon, checks a configuration, makes instances."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Signs over gRPC with keys that never leave their PKCS#11 tokens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # It would print the values of variables.
    add_completion=False,
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"signetd {version('signetd')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def signetd(
    context: typer.Context,
    config: ConfigOption = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Sign over gRPC with keys that never leave their PKCS#11 tokens.

    `signetd --config FILE` runs the daemon, as `signetd run --config FILE` does.
    """
    if context.invoked_subcommand is None:
        if config is None:
            raise typer.BadParameter("give --config FILE, or a command; see signetd --help.")
        _run(config)
    elif config is not None:
        raise typer.BadParameter("write --config after the command, or leave the command out.")


@app.command()
def run(
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="The configuration file.")
    ],
) -> None:
    """Run the daemon until SIGTERM or SIGINT, which let requests under way finish."""
    _run(config)


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")],
) -> None:
    """Check a configuration file, and the files that it names, without starting anything."""
    from signetd.daemon.config import ConfigError, check_files, load

    try:
        problems = tuple(check_files(load(file)))
    except ConfigError as error:
        problems = error.problems
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo("ok")


@app.command()
def init(
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="The configuration file.")
    ],
    security_admin: Annotated[str, typer.Option(metavar="NAME", help="Manages keys and grants.")],
    system_admin: Annotated[
        str | None, typer.Option(metavar="NAME", help="Manages the tokens.")
    ] = None,
    auditor: Annotated[str | None, typer.Option(metavar="NAME", help="Reads the audit.")] = None,
) -> None:
    """Make the database, and the first administrators in it. The daemon must not be running.

    A NAME is what a certificate says (SAN URI, else SAN DNS name, else common name), or that of a
    listener's socket.
    """
    from signetd.daemon import founding, launch

    launch.guarded(founding.run(config, security_admin, system_admin, auditor))


@app.command()
def dev(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the instance; made if missing.")
    ],
) -> None:
    """Run a complete throw-away instance: software token, certificates, keys. Not for real keys."""
    from signetd.daemon import launch
    from signetd.daemon.dev import instance

    # Without "..": the length of a socket's path is limited.
    launch.guarded(instance.run(Path(os.path.abspath(folder))))  # noqa: PTH100


def _run(file: Path) -> None:
    from signetd.daemon import launch

    launch.run(file)
