"""What is known of trust lists, and what judges by them."""

from datetime import datetime

import msgspec

from signetd.seal import Report, Rules


class ImportedList(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a trust list. ``id`` is the last part of `trustLists/{list}`.

    ``content`` is empty where it was not read; ``sm3`` is of it, in lower-case hex.
    """

    id: str
    version: int
    retired: bool
    comment: str
    content: bytes = b""
    sm3: str
    creator: str
    create_time: datetime

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"trustLists/{self.id}"

    @property
    def version_name(self) -> str:
        """The resource name of this version."""
        return f"{self.name}/versions/{self.version}"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many roots a list has, and how many makers it names; 0 for whoever a root vouches for."""

    roots: int
    makers: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How something is to be judged.

    ``trust_list`` is the last part of a resource name, "" for the configuration; ``time`` None for
    now, ``rules`` None for those of the configuration.
    """

    trust_list: str = ""
    time: datetime | None = None
    rules: Rules | None = None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A report, and the resource name of the version of the list that it is by; "" for none."""

    report: Report
    trust_list: str = ""
