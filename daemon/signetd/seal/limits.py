"""How much of anything a seal or a stamp may have: in files that are read, and in what is built.

The standards name none of these. They are far above what real files have, and low enough that
reading a hostile file costs little.
"""

from typing import Final

KIBI: Final = 1024
MEBI: Final = 1024 * KIBI

SEAL_BYTES: Final = 8 * MEBI
STAMP_BYTES: Final = 16 * MEBI
"""A stamp has a whole seal in it."""

CERTIFICATES: Final = 1000
"""Certificates of owners in a seal, or digests of them."""
CERTIFICATE_BYTES: Final = 64 * KIBI
DIGEST_BYTES: Final = 64
"""SHA-512 and SM3's like."""
EXTENSIONS: Final = 100
SIGNATURE_BYTES: Final = 4 * KIBI
TIME_TOKEN_BYTES: Final = 256 * KIBI
OID_BYTES: Final = 64
INTEGER_BYTES: Final = 4

VENDOR_BYTES: Final = 1 * KIBI
SEAL_ID_BYTES: Final = 1 * KIBI
NAME_BYTES: Final = 4 * KIBI
PICTURE_KIND_BYTES: Final = 64
DIGEST_NAME_BYTES: Final = 64
PROPERTY_INFO_BYTES: Final = 64 * KIBI
TIME_BYTES: Final = 40
"""2020-01-25T07:31:56.377000000+08:00 has 35."""

# What is built is held to narrower limits than what is read.
BUILT_NAME: Final = 200
"""Characters of a seal's name."""
BUILT_TEXT: Final = 64
"""Characters of a vendor, and of a seal's identifier."""
BUILT_PROPERTY_INFO: Final = 1024
BUILT_EXTENSION_BYTES: Final = 64 * KIBI
BUILT_KIND: Final = 255
PICTURE_BYTES: Final = 2 * MEBI
PICTURE_MM: Final = 300
"""Width and height; a page of A4 is 210 mm by 297 mm, and a seal is seldom wider than 60 mm."""
PICTURE_PIXELS: Final = 10_000
"""Width and height of a picture that consists of pixels."""
