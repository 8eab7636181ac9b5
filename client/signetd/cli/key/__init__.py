"""``signetctl key``: generate, enrol and manage keys."""

import typer

from signetd.cli.key import (
    attest,
    certificate,
    csr,
    destroy,
    disable,
    enable,
    enrol,
    generate,
    import_certificate,
    public_key,
    replace,
    set_policy,
    show,
    versions,
)
from signetd.cli.key import list as list_

app = typer.Typer(help="Generate, enrol and manage keys.", no_args_is_help=True)
app.command("generate")(generate.command)
app.command("enrol")(enrol.command)
app.command("list")(list_.command)
app.command("show")(show.command)
app.command("public-key")(public_key.command)
app.command("attest")(attest.command)
app.command("csr")(csr.command)
app.command("import-certificate")(import_certificate.command)
app.command("certificate")(certificate.command)
app.command("set-policy")(set_policy.command)
app.command("disable")(disable.command)
app.command("enable")(enable.command)
app.command("replace")(replace.command)
app.command("versions")(versions.command)
app.command("destroy")(destroy.command)
