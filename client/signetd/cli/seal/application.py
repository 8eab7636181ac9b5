"""What ``signetctl seal apply`` and ``change`` share: the seal that is applied for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

from signetd.cli.seal import options
from signetd.cli.session import Session

KIND: Final = typer.Option(help="What it is: 法定名称章, 内设机构章, 业务章 or 个人名章")
TITLE: Final = typer.Option(help="Its title (印章名称), as its data has it")
OWNER: Final = typer.Option(help="The owner's name")
CODE: Final = typer.Option(help="The owner's unified social credit code (统一社会信用代码)")
PICTURE: Final = typer.Option(
    metavar="FILE", help="GIF, BMP, JPG, PNG, SVG or OFD, at most 1 MiB; its content says which"
)
WIDTH: Final = typer.Option(help="Of the picture, in millimetres")
HEIGHT: Final = typer.Option(help="Of the picture, in millimetres")
FROM: Final = typer.Option("--from", metavar="TIME", help=f"{options.ZONE}; default: now")
UNTIL: Final = typer.Option(
    "--until", metavar="TIME", help=f"{options.ZONE}; a day counts to its end"
)
KEY: Final = typer.Option(help="The key that will stamp: SM2, for sealing, with a certificate")
FORMAT: Final = typer.Option(help="v4 (GB/T 38540-2020) or v5 (GM/T 0031-2025)")
CERTIFICATE: Final = typer.Option(
    metavar="FILE",
    help="PEM or DER of a certificate elsewhere that may stamp as well; may be repeated",
)

_MAX_BYTES: Final = 64 << 10


def certificates(session: Session, files: Iterable[Path] | None) -> tuple[bytes, ...]:
    """Read certificates, each a file with one in PEM or DER; return DER. Fails the command."""
    return tuple(_certificate(session, file) for file in files or ())


def _certificate(session: Session, file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        session.fail(f"{file} cannot be read: {error.strerror}")
        raise
    if len(data) > _MAX_BYTES:
        session.fail(f"{file} has more than {_MAX_BYTES} bytes; give one certificate")
    if not data.lstrip().startswith(b"-----BEGIN"):
        return data
    import ssl  # OpenSSL, and a twentieth of the time of `signetctl --help`

    try:
        return ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
    except ValueError:
        session.fail(f"{file} is not one certificate in PEM; give each in a file of its own")
        raise
