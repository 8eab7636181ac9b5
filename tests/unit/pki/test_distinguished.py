"""Names read from text: what they become in DER, by other readers' word, and what is refused."""

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.pki import InputError, distinguished, names

COMPANY = (
    "北京示例科技发展股份有限公司第一分公司电子印章业务专用章管理中心"  # 93 octets, 31 characters
)


def test_chinese_is_utf8_and_the_country_a_printable_string() -> None:
    encoded = distinguished.read("CN=张三,O=示例,C=CN")
    # By hand (X.690): C (13) first, then O and CN as UTF8String (0C).
    assert encoded.hex() == (
        "302f310b300906035504061302434e310f300d060355040a0c06e7a4bae4be8b"
        "310f300d06035504030c06e5bca0e4b889"
    )
    assert x509.Name.from_rfc4514_string("CN=张三,O=示例,C=CN").public_bytes() == encoded


def test_a_name_counts_by_characters_not_by_octets() -> None:
    """RFC 5280, A.1: ub-common-name is 64 characters, which in Chinese are 192 octets."""
    encoded = distinguished.read(f"CN={COMPANY},O={'章' * 64},C=CN")
    assert COMPANY.encode() in encoded
    with pytest.raises(InputError, match="CN has 65 characters; it may have at most 64"):
        distinguished.read("CN=" + "章" * 65)


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("CN=a+2.5.4.5=7,O=b", "2.5.4.5=7+CN=a,O=b"),
        (r"CN=Smith\, John \+ Sons\; \"x\"", r"CN=Smith\, John \+ Sons\; \"x\""),
        (r"CN=\E5\BC\A0", "CN=张"),
        (r"CN=\ a\ ", r"CN=\ a\ "),
        (r"CN=a\\\ ", r"CN=a\\\ "),
        (r"CN=a\\ ", r"CN=a\\"),
        (r"CN=\#1", r"CN=\#1"),
        ("CN=a=b", "CN=a=b"),
        ("DC=example,DC=cn", "DC=example,DC=cn"),
        ("UID=u1,OU=x,ST=y,L=z", "UID=u1,OU=x,ST=y,L=z"),
        ("1.2.3.4=x", "1.2.3.4=x"),
        ("2.5.4.3=x", "CN=x"),
        ("CN=a,OU=b,OU=c", "CN=a,OU=b,OU=c"),
    ],
)
def test_it_reads_as_cryptography_does(text: str, like: str) -> None:
    assert distinguished.read(text) == x509.Name.from_rfc4514_string(like).public_bytes()


@pytest.mark.parametrize("text", ["cn=a, o=b", " CN = a , O = b ", "CN=a,O=b"])
def test_case_of_types_and_spaces_between_parts_do_not_count(text: str) -> None:
    assert distinguished.read(text) == distinguished.read("CN=a,O=b")


def test_serial_number_and_email_have_the_strings_of_the_standard() -> None:
    encoded = distinguished.read("serialNumber=91110000ABC,emailAddress=a@b.cn")
    assert bytes.fromhex("0603550405130b") + b"91110000ABC" in encoded  # PrintableString
    assert bytes.fromhex("2a864886f70d0109011606") + b"a@b.cn" in encoded  # IA5String


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "character 1"),
        ("a", "character 1"),
        ("CN=a,", "character 6"),
        ("CN=a;O=b", "character 1"),
        ('CN="a"', "character 1"),
        ("CN=a\\", "character 1"),
        ("CN=a\\zO", "character 1"),
        ("CN=", "CN is empty"),
        ("CN=   ", "CN is empty"),
        ("CN=a\nb", "cannot be printed"),
        ("CN=a\u202eb", "cannot be printed"),
        (r"CN=\00", "cannot be printed"),
        ("CN=\ud800", "not UTF-8"),
        (r"CN=\FF", "not UTF-8"),
        ("CN=#0C0161", "begins with #"),
        ("C=CHN", "C has 3 characters"),
        ("C=cn", "capital letters"),
        ("C=中国", "capital letters"),
        ("serialNumber=甲", "ASCII"),
        ("DC=示例", "ASCII"),
        ("emailAddress=甲@b.cn", "ASCII"),
        ("CN=a+CN=b", "twice"),
        ("XY=a", "XY is not known"),
        ("3.1=a", "not an object identifier"),
        ("1.99=a", "not an object identifier"),
        ("1.2." + "9" * 40 + "=a", "not an object identifier"),
        ("CN=a" + ",OU=b" * 32, "33 attributes"),
        ("CN=" + "a" * 2046, "2049 characters"),
    ],
)
def test_refused_naming_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        distinguished.read(text)
    assert caught.value.place == "subject"


@given(st.text(alphabet=st.sampled_from('CNO=,+\\" #;<>aé章\x00 \ud8001.2'), max_size=60))
@settings(max_examples=500, deadline=None)
def test_whatever_it_accepts_is_a_name(text: str) -> None:
    try:
        encoded = distinguished.read(text)
    except InputError:
        return
    names.check(encoded, "name")
    assert not names.is_empty(encoded)
