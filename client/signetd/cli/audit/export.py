"""``signetctl audit export``: write the records to a file, and verify it."""

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.audit import verify
from signetd.cli.audit.options import PublicKeys, read_public_keys
from signetd.cli.session import Output, Session, of


def command(
    context: typer.Context,
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="The file to write")],
    first: Annotated[
        int, typer.Option(help="Begin with this record; 0 is the first there is", min=0)
    ] = 0,
    public_key: PublicKeys = None,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Do not verify it")] = False,
) -> None:
    """Write the records to a file, whole or not at all, and verify it.

    Give the audit key's public key, kept elsewhere, to have the signatures verified with it.
    """
    session = of(context)
    trusted = read_public_keys(public_key)
    if out.exists() and not out.is_file():
        session.fail(f"{out} is not a file")
    with session.client() as client:
        _write(session, out, client.audit.export(first))
    if no_verify:
        said = json.dumps({"file": str(out)}, ensure_ascii=False)
        print(said if session.output is Output.JSON else f"{out} is written")
        return
    verify.run(session, session.output, [out], trusted, unsigned=not trusted)


def _write(session: Session, out: Path, pieces: Iterable[bytes]) -> None:
    # Beside its place first: a file of this name is an export that came to its end, and is durable.
    temporary: Path | None = None
    try:
        path = out.resolve()
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
        _sync(path.parent)
    except OSError as error:
        session.fail(f"{out} cannot be written: {error.strerror}")
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
