"""Vendors that the SM2 test module poses as, with the names that some give themselves."""

DISGUISES = {
    "luna": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000016",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80000B20",
        "SIGNETD_SM2_SIGN": "0x80000B21",
        "SIGNETD_SM2_SIGN_SM3": "0x80000B22",
        "SIGNETD_SM2_HASHING": "z-fixed",
        "SIGNETD_SM2_MANUFACTURER": "SafeNet Inc.",
        "SIGNETD_SM2_MODEL": "Luna K7",
    },
    "sansec": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0x80008105",
        "SIGNETD_SM2_SIGN_SM3": "0x80008100",
        "SIGNETD_SM2_HASHING": "plain",
    },
    "tass": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0x80008000",
        "SIGNETD_SM2_SIGN_SM3": "0x80008100",
        "SIGNETD_SM2_HASHING": "z-fixed",
        "SIGNETD_SM2_OUTPUT": "der-padded",
    },
    "pkcs11s": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0x80008000",
        "SIGNETD_SM2_SIGN_SM3": "0x80008100",
        "SIGNETD_SM2_HASHING": "z-fixed",
    },
    "koal": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0x80008104",
        "SIGNETD_SM2_SIGN_SM3": "0x80008100",
        "SIGNETD_SM2_HASHING": "plain",
    },
    "mesince": {
        "SIGNETD_SM2_KEY_TYPE": "0x00010001",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x00010009",
        "SIGNETD_SM2_SIGN": "0x00010002",
        "SIGNETD_SM2_SIGN_SM3": "0x00010004",
        "SIGNETD_SM2_HASHING": "z-fixed",
    },
    "westone": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000001",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80000001",
        "SIGNETD_SM2_SIGN": "0x80000002",
        "SIGNETD_SM2_SIGN_SM3": "0",
    },
    "ep11": {
        "SIGNETD_SM2_KEY_TYPE": "0x80050002",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x8005000A",
        "SIGNETD_SM2_SIGN": "0x8005000B",
        "SIGNETD_SM2_SIGN_SM3": "0x8005000C",
    },
}

# A vendor of whom no profile knows anything.
STRANGER = {
    "SIGNETD_SM2_KEY_TYPE": "0x8000ABC0",
    "SIGNETD_SM2_KEY_PAIR_GEN": "0x8000ABC1",
    "SIGNETD_SM2_SIGN": "0x8000ABC2",
    "SIGNETD_SM2_SIGN_SM3": "0x8000ABC3",
    "SIGNETD_SM2_HASHING": "plain",
    "SIGNETD_SM2_OUTPUT": "der",
    "SIGNETD_SM2_MANUFACTURER": "Nobody Ltd",
}
