"""The file that names a token of one's own: what it must say, and what it may not."""

from pathlib import Path

import msgspec
import pytest

from signetd.drivers.types import Algorithm, KeyType
from tests.contract.subject import Feature, Spot
from tests.contract.tokens import own

GOOD = """\
module = "/usr/lib/vendor/libvendor.so"
serial = "0123456789ABCDEF"
pin_file = "user.pin"
lacks_key_types = ["ED25519"]
lacks_algorithms = ["ED25519"]
lacks_features = ["LONE_PRIVATE_KEYS"]
"""


def _file(folder: Path, text: str) -> Path:
    (folder / "user.pin").write_text("a PIN\n")
    file = folder / "mine.toml"
    file.write_text(text.replace('"user.pin"', f'"{folder / "user.pin"}"'))
    return file


def test_what_it_says_is_what_the_suite_does(tmp_path: Path) -> None:
    with own.token(_file(tmp_path, GOOD), tmp_path) as subject:
        assert (subject.settings.serial, subject.settings.label) == ("0123456789ABCDEF", "")
        assert subject.pin.reveal() == "a PIN"
        assert subject.lacks.key_types == {KeyType.ED25519}
        assert subject.lacks.algorithms == {Algorithm.ED25519}
        assert subject.lacks.features == {Feature.LONE_PRIVATE_KEYS}
        assert Spot.WRONG_PIN in subject.lacks.unstaged, "a wrong PIN counts: it must be allowed"
        assert {Spot.TWIN, Spot.REMOVAL} <= subject.lacks.unstaged.keys()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('serial = "0123456789ABCDEF"\n', "", "serial"),
        ("0123456789ABCDEF", "", "serial"),
        ("module", "modul", "modul"),
        ('["ED25519"]', '["ED448"]', "lacks_key_types"),
    ],
)
def test_a_file_that_names_no_token_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    wrong = _file(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(msgspec.ValidationError, match=said), own.token(wrong, tmp_path):
        pass
