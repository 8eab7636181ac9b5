"""SM2 and SM3 in software: hashing and verification; private keys never pass through it."""
