"""Electronic seals (电子印章): GB/T 38540, GM/T 0031. Reads, builds and verifies; pure code.

No clock, no network, no keys: what is signed is given out as bytes, and signatures are given in.
"""
