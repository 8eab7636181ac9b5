"""``signetctl key``: generate, enrol and manage keys."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import show
from signetd.cli.output_file import write
from signetd.cli.session import of

app = typer.Typer(help="Generate, enrol and manage keys.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The key's name")]
Token = Annotated[str, typer.Option(help="The token that holds it")]
Algorithm = Annotated[str | None, typer.Option(help="Used when a request names none")]


@app.command()
def generate(
    context: typer.Context,
    name: Name,
    token: Token,
    type_: Annotated[
        str,
        typer.Option(
            "--type", help="sm2, rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384, ec-p521, ed25519"
        ),
    ],
    algorithm: Algorithm = None,
) -> None:
    """Have a token generate a key pair."""
    session = of(context)
    with session.client() as client:
        made = client.generate_key(name, token=token, key_type=type_, algorithm=algorithm)
        show.resource(session.output)(made)


@app.command()
def enrol(
    context: typer.Context,
    name: Name,
    token: Token,
    id_: Annotated[str, typer.Option("--id", help="CKA_ID in hex")] = "",
    label: Annotated[str, typer.Option(help="CKA_LABEL")] = "",
    algorithm: Algorithm = None,
) -> None:
    """Adopt a key pair that is on a token already."""
    session = of(context)
    try:
        cka_id = bytes.fromhex(id_)
    except ValueError:
        raise typer.BadParameter(f"{id_} is not hex", param_hint="--id") from None
    with session.client() as client:
        made = client.enrol_key(name, token=token, cka_id=cka_id, label=label, algorithm=algorithm)
        show.resource(session.output)(made)


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the keys."""
    session = of(context)
    with session.client() as client:
        show.keys(session.output, client.list_keys())


@app.command("show")
def show_(context: typer.Context, name: Name) -> None:
    """Show one key."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.get_key(name))


@app.command("public-key")
def public_key(
    context: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
) -> None:
    """Print the public key as PEM."""
    session = of(context)
    with session.client() as client:
        write(session, out, client.get_public_key(name).pem.encode())


@app.command()
def disable(context: typer.Context, name: Name) -> None:
    """Stop a key from signing until it is enabled again."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.disable_key(name))


@app.command()
def enable(context: typer.Context, name: Name) -> None:
    """Let a disabled key sign again."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.enable_key(name))


@app.command()
def destroy(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name")] = False,
) -> None:
    """Destroy a disabled key's pair in its token. Cannot be undone."""
    session = of(context)
    if not yes and typer.prompt("This cannot be undone. Type the key's name") != name:
        session.fail("the names differ; nothing was destroyed")
    with session.client() as client:
        show.resource(session.output)(client.destroy_key(name))
