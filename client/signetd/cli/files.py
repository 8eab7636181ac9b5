"""``signetctl sign`` and ``verify``: files of any size, hashed here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import show
from signetd.cli.output_file import write
from signetd.cli.session import Output, of

_PROGRESS_ABOVE_BYTES = 64 << 20

File = Annotated[Path, typer.Argument(help="The document", exists=True, dir_okay=False)]
Key = Annotated[str, typer.Option(help="The key's name")]
Algorithm = Annotated[str | None, typer.Option(help="Default: the key's, e.g. rsa-pss-sha256")]
Encoding = Annotated[str | None, typer.Option(help="der or raw; default: der for SM2 and ECDSA")]
SignerId = Annotated[
    str | None, typer.Option(help="SM2: the signer's ID; default: 1234567812345678")
]


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr for a large file."""
    size = path.stat().st_size
    if size <= _PROGRESS_ABOVE_BYTES:
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("hashing", total=size)
        yield lambda done: bar.advance(task, done)


def sign(
    context: typer.Context,
    file: File,
    key: Key,
    out: Annotated[
        Path | None, typer.Option("-o", help="The bare signature; default FILE.sig, - is stdout")
    ] = None,
    algorithm: Algorithm = None,
    encoding: Encoding = None,
    signer_id: SignerId = None,
) -> None:
    """Sign a file; the output holds the bare signature."""
    session = of(context)
    target = out or file.with_name(file.name + ".sig")
    with session.client() as client:
        with _progress(file) as progress:
            item = client.file_item(
                key,
                file,
                algorithm=algorithm,
                encoding=encoding,
                signer_id=None if signer_id is None else signer_id.encode(),
                progress=progress,
            )
        made = client.sign(item)
        write(session, target, made.signature)
        if str(target) != "-":
            facts = {name: value for name, value in vars(made).items() if name != "signature"}
            show.one(session.output, {"signature": str(target)} | facts)


def verify(
    context: typer.Context,
    file: File,
    signature: Annotated[Path, typer.Argument(help="Its signature", exists=True, dir_okay=False)],
    key: Key,
    algorithm: Algorithm = None,
    encoding: Encoding = None,
    signer_id: SignerId = None,
) -> None:
    """Verify a file's signature with a registered public key; exit code 1 when it is not valid."""
    session = of(context)
    with session.client() as client:
        with _progress(file) as progress:
            item = client.file_item(
                key,
                file,
                algorithm=algorithm,
                encoding=encoding,
                signer_id=None if signer_id is None else signer_id.encode(),
                progress=progress,
            )
        client.verify(item, signature.read_bytes())
    if session.output is Output.JSON:
        print('{"valid": true}')
    else:
        print("the signature is valid")
