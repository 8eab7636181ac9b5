"""Pictures of seals: taken when they are what they are said to be, and refused else."""

import io
import random
import struct
import zipfile
import zlib

import pytest

from signetd.seal import BuildError, ofd_picture, pictures, raster, svg
from signetd.seal.limits import PICTURE_BYTES
from tests.unit.seal import samples
from tests.unit.seal.samples import GOOD, PNG, SAVED

KINDS = ("PNG", "JPG", "GIF", "BMP", "SVG", "ofd")


def refusal(kind: str, data: bytes) -> str:
    with pytest.raises(BuildError) as caught:
        pictures.check(kind, data)
    assert caught.value.field in ("picture.kind", "picture.data")
    return caught.value.what


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_taken_and_written_as_the_standard_has_it(kind: str) -> None:
    for written in (kind, kind.lower(), kind.upper(), kind.title()):
        assert pictures.check(written, GOOD[kind]) == kind


@pytest.mark.parametrize("label", SAVED)
def test_what_another_library_saved_is_taken(label: str) -> None:
    assert pictures.check(label.split()[0], SAVED[label])


@pytest.mark.parametrize("label", SAVED)
def test_sizes_in_pixels(label: str) -> None:
    size = getattr(raster, label.split()[0])(SAVED[label])
    assert size == ((48, 32) if "restarts" in label else (3, 2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_the_kind_must_be_that_of_the_data(kind: str, other: str) -> None:
    if kind != other:
        said = refusal(kind, GOOD[other])
        if other != "SVG":
            assert said == f"it is {other}, and picture.kind says {kind}"


@pytest.mark.parametrize("kind", ["", "TIFF", "WEBP", "PNG ", "p\u00f1g", "ＰＮＧ", "PDF" * 100])
def test_other_kinds_are_refused(kind: str) -> None:
    said = refusal(kind, PNG)
    assert said.endswith("is none of PNG, JPG, GIF, BMP, SVG, ofd")
    assert len(said) < 200


def test_jpeg_is_written_jpg() -> None:
    assert refusal("JPEG", SAVED["jpg"]).endswith("; write JPG")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_and_too_much(kind: str) -> None:
    assert refusal(kind, b"") == "it is empty"
    big = GOOD[kind] + b" " * PICTURE_BYTES
    assert refusal(kind, big) == f"it has {len(big)} bytes; {PICTURE_BYTES} are the most"


@pytest.mark.parametrize("label", SAVED)
def test_every_shortening_is_refused(label: str) -> None:
    data, kind = SAVED[label], label.split()[0].upper()
    for size in range(len(data)):
        refusal(kind, data[:size])


@pytest.mark.parametrize("label", SAVED)
def test_a_tail_is_refused(label: str) -> None:
    """Nobody sees it, but everybody signs it."""
    refusal(label.split()[0].upper(), SAVED[label] + b"tail")


@pytest.mark.parametrize("kind", KINDS)
def test_altered_pictures_are_taken_or_refused_by_name(kind: str) -> None:
    chance = random.Random(38540)
    for _ in range(3000):
        data = bytearray(GOOD[kind])
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            place = chance.randrange(len(data))
            data[place:place] = data[: chance.randrange(40)]
        try:
            pictures.check(kind, bytes(data))
        except BuildError as error:
            assert error.field == "picture.data"
            assert len(str(error)) < 300


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(*chunks: bytes, size: tuple[int, int] = (3, 2)) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + (b"".join(chunks) or header + DATA + END)


DATA, END = chunk(b"IDAT", zlib.compress(b"\x00" * 20)), chunk(b"IEND", b"")
PNGS = {
    "checksum": (PNG[:40] + bytes([PNG[40] ^ 1]) + PNG[41:], "checksum of the part at byte 33"),
    "no header": (png(DATA, END), "out of order"),
    "no data": (png(chunk(b"IHDR", bytes(13)), END), "out of order"),
    "short header": (png(chunk(b"IHDR", bytes(8)), DATA, END), "8 bytes, not 13"),
    "no width": (png(size=(0, 2)), "its own size is 0 by 2"),
    "no height": (png(size=(3, 0)), "its own size is 3 by 0"),
    "too wide": (png(size=(10_001, 2)), "its own size is 10001 by 2; 1 to 10000 are allowed"),
    "huge": (png(size=(2**32 - 1, 2**32 - 1)), "1 to 10000"),
    "part behind the end": (PNG + chunk(b"teXt", b"hidden"), "behind its end"),
    "two ends": (PNG + END, "behind its end"),
    "length of 4 GiB": (PNG[:33] + b"\xff" * 4 + PNG[37:], "cut short"),
}


@pytest.mark.parametrize("label", PNGS)
def test_png_is_refused(label: str) -> None:
    data, what = PNGS[label]
    assert what in refusal("PNG", data)


def test_png_by_hand_is_taken() -> None:
    assert pictures.check("PNG", png(size=(10_000, 10_000))) == "PNG"


JPG = SAVED["jpg"]
GIF_HEAD = b"GIF89a\x03\x00\x02\x00\x00\x00\x00"
BMP = SAVED["bmp"]
OTHERS = {
    "JPG without a size": ("JPG", b"\xff\xd8\xff\xe0\x00\x02\xff\xd9", "it has no size"),
    "JPG of nothing": ("JPG", b"\xff\xd8\xff\xd9", "it has no size"),
    "JPG with a part of length 0": ("JPG", b"\xff\xd8\xff\xe0\x00\x00\xff\xd9", "no length"),
    "JPG without a marker": ("JPG", b"\xff\xd8\xff\xe0\x00\x02ab", "a marker is expected"),
    "JPG filled up for ever": ("JPG", b"\xff\xd8" + b"\xff" * 1000, "cut short"),
    "JPG with two ends": ("JPG", JPG + b"\xff\xd9", "behind its end"),
    "GIF of no version": ("GIF", b"GIF8" + b"\x00" * 20, "it says neither GIF87a nor GIF89a"),
    "GIF without an image": ("GIF", GIF_HEAD + b"\x00;", "no block has the mark 0x00"),
    "GIF that ends at once": ("GIF", GIF_HEAD + b";", "it has no image"),
    "GIF with a false block": ("GIF", GIF_HEAD + b"\x77;", "mark 0x77, at byte 13"),
    "BMP with a false size": ("BMP", BMP[:2] + b"\x00" * 4 + BMP[6:], "it says that it has 0"),
    "BMP with a false header": ("BMP", BMP[:14] + b"\x0d" + BMP[15:], "no header has 13 bytes"),
    "BMP without pixels": ("BMP", BMP[:10] + b"\xff" + BMP[11:], "pixels are outside"),
    "BMP with pixels in its header": ("BMP", BMP[:10] + b"\x01" + BMP[11:], "pixels are outside"),
    "BMP of negative width": ("BMP", BMP[:18] + b"\xff" * 4 + BMP[22:], "-1 by 2"),
    "text as PNG": ("PNG", b"not a picture", "does not begin as PNG does"),
    "text as SVG": ("SVG", b"not a picture", "not well-formed XML"),
    "text as OFD": ("OFD", b"not a picture", "does not begin as ofd does"),
}


@pytest.mark.parametrize("label", OTHERS)
def test_other_pictures_are_refused(label: str) -> None:
    kind, data, what = OTHERS[label]
    assert what in refusal(kind, data)


def test_bmp_from_the_top_down_and_of_the_old_header() -> None:
    assert raster.bmp(BMP[:22] + struct.pack("<i", -2) + BMP[26:]) == (3, 2)
    old = b"BM" + struct.pack("<IIIIHHHH", 27, 0, 26, 12, 3, 2, 1, 24) + b"\x00"
    assert raster.bmp(old) == (3, 2)


def drawn(inside: str = "", attributes: str = 'viewBox="0 0 42 43"', before: str = "") -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"{before}<svg {names} {attributes}>{inside}</svg>".encode()


SIZES = {
    'viewBox="0 0 42 43"': (42, 43),
    'viewBox="0,0,42.5,.5" width="1mm"': (42.5, 0.5),
    'width="42mm" height="43.5mm"': (42, 43.5),
    'width="100" height="200px"': (100, 200),
}


@pytest.mark.parametrize("attributes", SIZES)
def test_svg_has_a_size(attributes: str) -> None:
    assert svg.size(drawn(attributes=attributes)) == SIZES[attributes]


SAFE = [
    '<use href="#a"/>' * 16,
    '<use xlink:href=" #a "/>',
    '<image href="data:image/png;base64,iVBORw0KGgo="/>',
    '<path style="fill:url(#a);stroke:url( &quot;#b&quot; )"/>',
    '<path fill="url(#a)" d="M 0 0 L 1 1"/>',
    "<style>a { fill: url(#b) }</style><style/>",
    "<text>章 http://example.org/ url(x)</text>",
    '<g xmlns:e="urn:editor" e:href="http://example.org/" e:export-filename="C:\\seal.png"/>',
    "<!-- a comment with http://example.org/ -->",
]


@pytest.mark.parametrize("inside", SAFE)
def test_svg_is_taken(inside: str) -> None:
    assert pictures.check("SVG", drawn(inside)) == "SVG"


BILLION = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
DANGEROUS = {
    "entities": (drawn("&b;", before=BILLION), "DOCTYPE"),
    "an external entity": (drawn("&a;", before=EXTERNAL), "DOCTYPE"),
    "a plain DOCTYPE": (drawn(before="<!DOCTYPE svg>"), "DOCTYPE"),
    "an undefined entity": (drawn("&nbsp;"), "not well-formed"),
    "a style sheet": (drawn(before='<?xml-stylesheet href="x.css"?>'), "processing instruction"),
    "a script": (drawn("<script>alert(1)</script>"), "<script>"),
    "a script in capitals": (drawn("<SCRIPT/>"), "<SCRIPT>"),
    "a script of HTML": (
        drawn('<h:script xmlns:h="http://www.w3.org/1999/xhtml"/>'),
        "<script>",
    ),
    "an event": (drawn(attributes='viewBox="0 0 1 1" onload="x()"'), "a script in onload"),
    "an event in capitals": (drawn('<path ONCLICK="x()"/>'), "a script in onclick"),
    "HTML": (drawn("<foreignObject/>"), "<foreignObject>"),
    "a link": (drawn('<a href="#x"/>'), "<a>"),
    "animation": (drawn('<path><animate attributeName="d"/></path>'), "<animate>"),
    "a setter": (drawn('<set attributeName="href" to="http://example.org/"/>'), "<set>"),
    "an image elsewhere": (drawn('<image href="http://example.org/a.png"/>'), "href leads out"),
    "a file": (drawn('<image xlink:href="file:///etc/passwd"/>'), "href leads out"),
    "a relative image": (drawn('<image href="a.png"/>'), "href leads out"),
    "an SVG inside": (drawn('<image href="data:image/svg+xml;base64,PHN2Zz4="/>'), "leads out"),
    "a javascript link": (drawn('<use href="javascript:alert(1)"/>'), "href leads out"),
    "a base": (drawn('<g xml:base="http://example.org/"/>'), "base leads out"),
    "use elsewhere": (drawn('<use href="other.svg#a"/>'), "href leads out"),
    "use multiplied": (drawn('<use href="#a"/>' * 17), "more than 16"),
    "url() elsewhere": (drawn('<path fill="url(http://example.org/#a)"/>'), "its fill may fetch"),
    "url() in a style": (drawn('<path style="fill:URL( &quot;a.svg#b&quot;)"/>'), "its style"),
    "url() escaped": (drawn('<path style="fill:u\\72l(a.svg)"/>'), "its style"),
    "url() after a comment": (drawn('<path style="fill:url(/**/a)"/>'), "its style"),
    "image-set": (drawn("<path style=\"fill:image-set('a.png' 1x)\"/>"), "its style"),
    "import": (drawn("<style>@import 'a.css';</style>"), "<style> may fetch"),
    "import in CDATA": (drawn("<style><![CDATA[@import 'a.css';]]></style>"), "<style> may fetch"),
    "import in pieces": (drawn("<style>@im&#112;ort<!-- --> 'a.css';</style>"), "<style> may"),
    "elements in a style": (drawn("<style><g/></style>"), "inside of <style>"),
    "deep nesting": (drawn("<g>" * 101 + "</g>" * 101), "nests 100 deep"),
    "many elements": (drawn("<g/>" * 100_001), "more than 100000 elements"),
    "no namespace": (b'<svg viewBox="0 0 1 1"/>', "outermost element"),
    "another element": (b'<g xmlns="http://www.w3.org/2000/svg"/>', "outermost element"),
    "no size": (drawn(attributes=""), "neither a viewBox nor a width"),
    "size in percent": (drawn(attributes='width="100%" height="100%"'), "neither a viewBox"),
    "an empty box": (drawn(attributes='viewBox="0 0 0 5"'), "neither a viewBox"),
    "a negative box": (drawn(attributes='viewBox="0 0 -1 5"'), "neither a viewBox"),
    "too large": (drawn(attributes='viewBox="0 0 10001 5"'), "its own size is 10001 by 5"),
    "something behind it": (drawn() + b"<svg/>", "not well-formed"),
    "an unknown encoding": (drawn(before='<?xml version="1.0" encoding="x"?>'), "well-formed"),
    "a shift encoding": (drawn(before='<?xml version="1.0" encoding="gbk"?>'), "well-formed"),
}


@pytest.mark.parametrize("label", DANGEROUS)
def test_svg_is_refused(label: str) -> None:
    data, what = DANGEROUS[label]
    assert what in refusal("SVG", data)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filling", ["1", " ", "&#10;", "url(", "'", "/"])
def test_long_values_in_svg_cost_little(filling: str) -> None:
    """No expression of ours goes back and forth over what a stranger has written."""
    long = filling * (1_000_000 // len(filling))
    for attribute in ("width", "viewBox", "style", "href"):
        shown = long.replace("'", "&apos;")
        data = drawn(attributes=f'height="1" {attribute}="{shown}!"')
        with pytest.raises(ValueError, match=r"."):
            svg.size(data)


OFDS = {
    "no OFD.xml": (samples.archive({"a.xml": "<a/>"}), "There is no item named 'OFD.xml'"),
    "no document": (samples.archive({"OFD.xml": samples.ENTRY}), "Doc_0/Document.xml"),
    "OFD.xml of another namespace": (
        samples.ofd(entry=samples.ENTRY.replace("2016", "2017")),
        "OFD.xml has no DocRoot",
    ),
    "no size": (
        samples.ofd(document='<D xmlns="http://www.ofdspec.org/2016"/>'),
        "Doc_0/Document.xml has no PhysicalBox",
    ),
    "size of three numbers": (
        samples.ofd(document=samples.DOCUMENT.replace("0 0 42 42.5", "0 42 42")),
        "not four numbers",
    ),
    "size of no number": (
        samples.ofd(document=samples.DOCUMENT.replace("0 0 42 42.5", "0 0 nan nan")),
        "its own size is nan",
    ),
    "size of nothing": (
        samples.ofd(document=samples.DOCUMENT.replace("0 0 42 42.5", "0 0 0 0")),
        "its own size is 0 by 0",
    ),
    "DOCTYPE": (
        samples.ofd(document="<!DOCTYPE a []>" + samples.DOCUMENT),
        "DOCTYPE",
    ),
    "leading out": (samples.ofd(more={"../../etc/passwd": b"x"}), "leads out of it"),
    "absolute": (samples.ofd(more={"/etc/passwd": b"x"}), "leads out of it"),
    "document elsewhere": (
        samples.ofd(entry=samples.ENTRY.replace("Doc_0/", "../../")),
        "no item named",
    ),
    "many files": (samples.ofd(more={f"{i}": b"" for i in range(999)}), "1001 files"),
    "much when unpacked": (samples.ofd(more={"a": bytes(65 * 1024 * 1024)}), "are the most"),
    "a large document": (
        samples.ofd(document=samples.DOCUMENT + " " * 5_000_000),
        "Doc_0/Document.xml has more than",
    ),
    "cut": (samples.OFD[:-30], "not an OFD document"),
}


@pytest.mark.parametrize("label", OFDS)
def test_ofd_is_refused(label: str) -> None:
    data, what = OFDS[label]
    assert what in refusal("ofd", data)


def test_ofd_has_its_page_s_size() -> None:
    assert ofd_picture.size(samples.OFD) == (42, 42.5)
    absolute = samples.ofd(entry=samples.ENTRY.replace("Doc_0/", "/Doc_0/"))
    assert ofd_picture.size(absolute) == (42, 42.5)


def test_encrypted_ofd_is_refused() -> None:
    data = bytearray(samples.OFD)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(mark, place + 4)
    assert "password required" in refusal("ofd", bytes(data))


def test_ofd_whose_sizes_lie() -> None:
    """What the directory says is not believed when a file is read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("OFD.xml", samples.ENTRY)
        written.writestr("Doc_0/Document.xml", samples.DOCUMENT + " " * 50_000_000)
    data = bytearray(out.getvalue())
    place = data.rfind(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 100)
    assert "ofd" in refusal("ofd", bytes(data))
