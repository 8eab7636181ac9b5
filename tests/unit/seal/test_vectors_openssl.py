"""The fixtures of seals are what their manifest says, by the openssl command alone."""

from pathlib import Path
from typing import Final

import pytest

from tests.unit.seal import recipe
from tests.vectors.seals import loading
from tests.vectors.seals.generator.__main__ import generate
from tests.vectors.seals.loading import Case

CASES: Final = loading.cases()
LOOKED_AT: Final = {
    "seal": {"seal signature"},
    "stamp": {"stamp signature", "seal signature", "signer in the seal", "document digest"},
}
UNREADABLE: Final = {
    "empty",
    "huge-length",
    "long-length",
    "missing-field",
    "nested",
    "text",
    "truncated",
}
"""What even openssl, which takes BER, cannot read."""
MOST_OCTETS: Final = 400 * 1024


def spoilt(case: Case) -> set[str]:
    """Return which lines of the recipe must not be good."""
    checks = {each.check for each in case.expected.values() if each}
    return {recipe.LINES[check] for check in checks & recipe.LINES.keys()}


def check(case: Case, folder: Path, scratch: Path) -> None:
    original = case.original if case.kind == "stamp" else b""
    said = recipe.run(case.kind, folder / case.file, original, scratch)
    if not case.readable and case.name.removeprefix(f"{case.kind}-") in UNREADABLE:
        assert said.code == 2, f"{case.name} is to be unreadable ({case.shows})"
        return
    assert said.lines.keys() == LOOKED_AT[case.kind], f"{case.name}: {said.errors}"
    assert said.bad == spoilt(case), (
        f"{case.name} ({case.shows}): openssl finds other things bad than the manifest does"
    )
    assert said.code == (1 if said.bad else 0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_openssl_says_what_the_manifest_says(case: Case, tmp_path: Path) -> None:
    """Bad ones are bad in one thing alone: whatever else is signed or hashed is right."""
    check(case, loading.FOLDER, tmp_path)


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anew")
    generate(folder)
    return folder


def test_made_anew_the_manifest_and_the_files_are_the_same(anew: Path) -> None:
    same = "run python -m tests.vectors.seals.generator, and commit what it makes"
    for name in ("manifest.json", "index.md", "document.xml"):
        assert (anew / name).read_bytes() == (loading.FOLDER / name).read_bytes(), same
    for part in ("good", "bad", "open", "trust", "intermediates", "crls"):
        names = [
            {each.name for each in (folder / part).iterdir()} for folder in (anew, loading.FOLDER)
        ]
        assert names[0] == names[1], same


def test_made_anew_they_pass_the_same_checks(anew: Path, tmp_path: Path) -> None:
    """One of each kind and version, good, and bad in each thing that openssl looks at."""
    seen: dict[tuple[object, ...], Case] = {}
    for case in CASES:
        if case.readable:
            seen.setdefault((case.kind, case.format, *spoilt(case)), case)
    assert len(seen) > 10, "the fixtures have fewer kinds than they had"
    for case in seen.values():
        check(case, anew, tmp_path)


def test_made_anew_the_keys_and_signatures_are_others(anew: Path) -> None:
    for case in CASES:
        if case.readable:
            made = (anew / case.file).read_bytes()
            assert made != case.data, f"{case.name} is the same with keys that are new"


def test_no_private_key_is_kept(anew: Path) -> None:
    for folder in (anew, loading.FOLDER):
        for path in (each for each in folder.rglob("*") if each.suffix not in (".py", ".pyc")):
            assert not path.is_file() or b"PRIVATE KEY" not in path.read_bytes(), str(path)


def test_they_are_small() -> None:
    files = [each for each in loading.FOLDER.rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in files if "generator" not in each.parts)
    assert size < MOST_OCTETS, f"the fixtures have {size} octets; keep them below {MOST_OCTETS}"


def test_every_file_is_in_the_manifest() -> None:
    there = {
        str(each.relative_to(loading.FOLDER))
        for part in ("good", "bad", "open")
        for each in (loading.FOLDER / part).iterdir()
    }
    assert there == {case.file for case in CASES}
