/* What the environment says of the vendor that the module poses as. */
#ifndef SIGNETD_SM2_SETTINGS_H
#define SIGNETD_SM2_SETTINGS_H

typedef enum { HASHING_Z, HASHING_Z_FIXED, HASHING_PLAIN } sm2_hashing;
typedef enum { OUTPUT_RAW, OUTPUT_DER, OUTPUT_DER_PADDED } sm2_output;

typedef struct {
    unsigned long key_type;     /* SIGNETD_SM2_KEY_TYPE */
    unsigned long key_pair_gen; /* SIGNETD_SM2_KEY_PAIR_GEN */
    unsigned long sign;         /* SIGNETD_SM2_SIGN: takes e; 0 is off */
    unsigned long sign_sm3;     /* SIGNETD_SM2_SIGN_SM3: takes the message; 0 is off */
    sm2_hashing hashing;        /* SIGNETD_SM2_HASHING: z, z-fixed, plain */
    sm2_output output;          /* SIGNETD_SM2_OUTPUT: raw, der, der-padded */
} sm2_settings;

/* Reads the environment. Returns 1, or 0 after naming a bad variable on stderr. */
int sm2_settings_read(sm2_settings *settings);

#endif
