"""Object identifiers of the commercial cryptography standards (GM/T 0006)."""

from typing import Final

SM2_CURVE: Final = "1.2.156.10197.1.301"
SM3: Final = "1.2.156.10197.1.401"
SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"

SM2_CURVE_DER: Final = bytes.fromhex("06082a811ccf5501822d")
