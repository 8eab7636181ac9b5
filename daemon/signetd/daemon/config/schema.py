"""The shape of signetd's configuration: every table and option, its type, limits and default.

The description of an option completes the sentences "must be …" and "is missing: …" in messages.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import FieldInfo, fields

from signetd.daemon.config.address import TcpAddress
from signetd.daemon.config.errors import Source
from signetd.daemon.config.postgres_url import PostgresUrl
from signetd.daemon.config.tsa_url import TsaUrl

_SECONDS = "a number of seconds greater than 0 and at most 600"
_ACCOUNT = "a {} name, or a number from 0 to 4294967294"
_MONTH = 30 * 86400
_CLEAN = "without control characters and without blanks at its ends"

Timeout = Annotated[float, Meta(gt=0, le=600, description=_SECONDS)]
Deadline = Annotated[
    float,
    Meta(gt=0, le=3600, description="a number of seconds greater than 0 and at most 3600"),
]
Approvals = Annotated[int, Meta(ge=0, le=16, description="a whole number from 0 to 16")]
Count = Annotated[int, Meta(ge=1, le=65536, description="a whole number from 1 to 65536")]
AccountName = Annotated[str, Meta(max_length=255, pattern=r"\A[^\s:/\x00-\x1f\x7f]+\Z")]
AccountNumber = Annotated[int, Meta(ge=0, le=4294967294)]
IdentityName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        # No control characters, and no blank at either end: such a name is a slip of the hand.
        # Nor the name of a group, as policy.checks has it.
        pattern=r"\A(?!groups/)[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?\Z",
        description=f"an identity's name: 1 to 255 characters, {_CLEAN}, and not groups/…",
    ),
]
DashedName = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z",
        description="a name of at most 63 lower-case letters, digits and hyphens that begins "
        "with a letter and does not end in a hyphen",
    ),
]
TokenLabel = Annotated[
    str,
    Meta(
        pattern=r"\A[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?\Z",
        description="a token's label: at most 32 bytes of UTF-8, " + _CLEAN,
    ),
]
TokenSerial = Annotated[
    str,
    Meta(
        pattern=r"\A[!-~](?:[ -~]{0,14}[!-~])?\Z",
        description="a token's serial number: at most 16 ASCII characters, " + _CLEAN,
    ),
]
BasicUser = Annotated[
    str,
    Meta(
        pattern=r"\A[^\s:\x00-\x1f\x7f]{1,255}\Z",
        description="a user's name: 1 to 255 characters without blanks and colons",
    ),
]
ObjectIdentifier = Annotated[
    str,
    Meta(
        max_length=128,
        pattern=r"\A[0-2](?:\.(?:0|[1-9][0-9]{0,19})){1,20}\Z",
        description='an object identifier in quotes: numbers with dots, such as "1.2.3.4.1"',
    ),
]
SocketMode = Annotated[
    str,
    Meta(
        pattern=r"\A0?[0-7]{3}\Z",
        description='an octal file mode in quotes, such as "0600" or "0660"',
    ),
]


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables have in common: they never change, and know all their options."""


def options(*schemas: type[Table]) -> dict[str, FieldInfo]:
    """The options of one table, or of several kinds of it, by the names they have in the file."""
    return {info.encode_name: info for schema in schemas for info in fields(schema)}


class Daemon(Table, frozen=True, kw_only=True):
    """[daemon]: the process as a whole. `drain_timeout` is in seconds, 0 to 600.

    `name` tells this daemon from others that share a database with it. A profile in the folder
    `profiles` wins over the one of the same name that comes with signetd.
    """

    state_directory: Annotated[Path, Meta(description="the folder for the daemon's database")]
    name: DashedName = "signetd"
    profiles: Annotated[
        Path | None, Meta(description="the folder with token profiles of your own")
    ] = None
    drain_timeout: Annotated[
        float, Meta(ge=0, le=600, description="a number of seconds from 0 to 600")
    ] = 10.0


class Database(Table, frozen=True, kw_only=True):
    """[database]: where the state is kept; without `url` in SQLite, in the state directory.

    `call_timeout` is in seconds, 1 to 600; `pool` is the most connections to PostgreSQL at a time.
    """

    url: Annotated[
        PostgresUrl | None,
        Meta(description="the address of a PostgreSQL database, without a password"),
    ] = None
    password_file: Annotated[
        Path | None, Meta(description="the path of a file that holds the database's password")
    ] = None
    pool: Annotated[int, Meta(ge=1, le=64, description="a whole number from 1 to 64")] = 4
    call_timeout: Annotated[
        float, Meta(ge=1, le=600, description="a number of seconds from 1 to 600")
    ] = 10.0


class Log(Table, frozen=True, kw_only=True):
    """[log]: what the daemon writes to standard error."""

    format: Annotated[Literal["json", "console"], Meta(description='"json" or "console"')] = "json"
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description='"debug", "info", "warning" or "error"'),
    ] = "info"


class Limits(Table, frozen=True, kw_only=True):
    """[limits]: what clients may take of the daemon together, and each. Deadlines in seconds."""

    default_deadline: Deadline = 30.0
    max_deadline: Deadline = 300.0
    calls: Count = 2048
    calls_per_client: Count = 1024
    request_mebibytes: Annotated[
        # One request has 16 MiB at most, and it must fit.
        int,
        Meta(ge=16, le=65536, description="a whole number of MiB from 16 to 65536"),
    ] = 256
    connections: Count = 1024
    watchers: Count = 64
    streams: Count = 256


class Access(Table, frozen=True, kw_only=True):
    """[access]: how the first administrator comes in, and whose approval others need.

    The counts are of security administrators besides the one who asks.
    """

    first_security_admin: IdentityName | None = None
    administrator_approvals: Approvals = 0
    destroy_approvals: Approvals = 0


class Audit(Table, frozen=True, kw_only=True):
    """[audit]: which key signs checkpoints of the audit, and after how many records or seconds."""

    key: DashedName | None = None
    checkpoint_records: Annotated[
        int, Meta(ge=1, le=10**6, description="a whole number from 1 to 1000000")
    ] = 1000
    checkpoint_seconds: Annotated[
        float, Meta(ge=1, le=_MONTH, description=f"a number of seconds from 1 to {_MONTH}")
    ] = 3600.0
    reads: Annotated[bool, Meta(description="true or false")] = False


class Seals(Table, frozen=True, kw_only=True):
    """[seals]: how electronic seals are made and judged. Folders hold *.pem, *.crt, *.cer, *.der.

    `makers`, `signers`: whose certificates makers of seals and those who stamp must come from.
    `intermediates`: certificates between; `crls`: revocation lists. `vendor` stands in seals that
    are made here (Vid). `clock_tolerance` is in seconds.
    """

    makers: Annotated[
        Path | None, Meta(description="the folder with root certificates for makers of seals")
    ] = None
    signers: Annotated[
        Path | None, Meta(description="the folder with root certificates for those who stamp")
    ] = None
    intermediates: Annotated[
        Path | None, Meta(description="the folder with certificates of intermediate CAs")
    ] = None
    crls: Annotated[Path | None, Meta(description="the folder with revocation lists")] = None
    revocation: Annotated[
        Literal["required", "if-known", "ignored"],
        Meta(description='"required", "if-known" or "ignored"'),
    ] = "required"
    rules: Annotated[
        Literal["gbt38540", "gmt0031"], Meta(description='"gbt38540" or "gmt0031"')
    ] = "gbt38540"
    publish_status: Annotated[bool, Meta(description="true or false")] = False
    vendor: Annotated[
        str,
        Meta(
            pattern=r"\A[ -~]{1,64}\Z", description="a text of 1 to 64 printable ASCII characters"
        ),
    ] = "signetd"
    clock_tolerance: Annotated[
        float, Meta(ge=0, le=60, description="a number of seconds from 0 to 60")
    ] = 1.0


class Timestamps(Table, frozen=True, kw_only=True):
    """[timestamps]: the authorities (RFC 3161) that stamps and seals are given a time by.

    They are tried in turn. `attempt_timeout` is in seconds. Without the table there are
    no time stamps. `user` and `client_certificate` are shown to the authorities, over https only.
    """

    urls: Annotated[
        tuple[TsaUrl, ...],
        Meta(description='a list of 1 to 8 addresses, such as ["https://tsa.example/tsa"]'),
    ]
    trust: Annotated[
        Path, Meta(description="the folder with the CA certificates of the authorities")
    ]
    hash: Annotated[Literal["sm3", "sha256"], Meta(description='"sm3" or "sha256"')] = "sm3"
    policy: ObjectIdentifier | None = None
    attempt_timeout: Timeout = 5.0
    on_failure: Annotated[
        Literal["refuse", "degrade"], Meta(description='"refuse" or "degrade"')
    ] = "refuse"
    user: BasicUser | None = None
    password_file: Annotated[
        Path | None, Meta(description="the path of a file that holds the user's password")
    ] = None
    client_certificate: Annotated[
        Path | None, Meta(description="the file with this daemon's certificate chain")
    ] = None
    client_key: Annotated[
        Path | None, Meta(description="the file with that certificate's private key")
    ] = None
    server_ca: Annotated[
        Path | None,
        Meta(description="the file with the CA certificates of the authorities' https servers"),
    ] = None


class TcpListener(Table, frozen=True, kw_only=True):
    """[[listener]] with `tcp`: TLS in which the client must show a certificate. Files are PEM.

    `client_crl` may be DER as well; without it, revocation is not looked at.
    """

    tcp: Annotated[TcpAddress, Meta(description='host:port, such as "0.0.0.0:7443"')]
    certificate: Annotated[Path, Meta(description="the file with the server's certificate chain")]
    private_key: Annotated[Path, Meta(description="the file with the server's private key")]
    client_ca: Annotated[
        Path, Meta(description="the file with the CA certificates that clients are checked against")
    ]
    client_crl: Annotated[
        Path | None, Meta(description="the file with the revocation lists of these CAs")
    ] = None


class UnixListener(Table, frozen=True, kw_only=True):
    """[[listener]] with `unix`: a local socket, all of whose clients are one identity."""

    unix: Annotated[Path, Meta(description="the path of the socket")]
    identity: IdentityName
    mode: SocketMode = "0600"
    owner: Annotated[
        AccountNumber | AccountName | None, Meta(description=_ACCOUNT.format("user"))
    ] = None
    group: Annotated[
        AccountNumber | AccountName | None, Meta(description=_ACCOUNT.format("group"))
    ] = None

    @property
    def permissions(self) -> int:
        """`mode` as the number that chmod takes."""
        return int(self.mode, 8)


Listener = TcpListener | UnixListener


class Token(Table, frozen=True, kw_only=True):
    """[[token]]: a PKCS#11 token, found by label, serial number or both.

    Timeouts and intervals in seconds. 0 in a `recycle_` option means never. `profile_file` counts
    in place of `profile`.
    """

    name: DashedName
    module: Annotated[Path, Meta(description="the file of the vendor's PKCS#11 library")]
    label: TokenLabel | None = None
    serial: TokenSerial | None = None
    profile: DashedName = "standard"
    profile_file: Annotated[
        Path | None, Meta(description="the file of a token profile, NAME.toml")
    ] = None
    workers: Annotated[int, Meta(ge=1, le=64, description="a whole number from 1 to 64")] = 1
    pin_file: Annotated[
        Path | None, Meta(description="the path of a file that holds the user PIN")
    ] = None
    request_timeout: Timeout = 10.0
    generate_timeout: Timeout = 120.0
    start_timeout: Timeout = 30.0
    queue: Count = 1024
    queue_per_client: Count = 256
    queue_seconds: Timeout = 5.0
    check_interval: Annotated[
        float, Meta(ge=0.2, le=60, description="a number of seconds from 0.2 to 60")
    ] = 1.0
    quarantine_after: Annotated[
        int, Meta(ge=1, le=1000, description="a whole number from 1 to 1000")
    ] = 3
    recycle_seconds: Annotated[
        float,
        Meta(ge=0, le=_MONTH, description=f"a number of seconds from 0 to {_MONTH} (30 days)"),
    ] = 86400.0
    recycle_operations: Annotated[
        int, Meta(ge=0, le=10**9, description="a whole number from 0 to 1000000000")
    ] = 0
    recycle_growth_mebibytes: Annotated[
        int, Meta(ge=0, le=65536, description="a whole number of MiB from 0 to 65536")
    ] = 256
    memory_limit_mebibytes: (
        Annotated[int, Meta(ge=64, le=65536, description="a whole number of MiB from 64 to 65536")]
        | None
    ) = None
    environment: Annotated[
        dict[str, str], Meta(description="a table of strings: write [token.environment]")
    ] = {}


class Config(Table, frozen=True, kw_only=True):
    """A whole configuration file. `source` is the file that it was read from, with its lines."""

    daemon: Daemon
    database: Database = Database()
    log: Log = Log()
    limits: Limits = Limits()
    access: Access = Access()
    audit: Audit = Audit()
    timestamps: Timestamps | None = None
    seals: Seals = Seals()
    listeners: tuple[Listener, ...] = field(name="listener")
    tokens: tuple[Token, ...] = field(name="token", default=())
    source: Source = Source()
