/* SM2 with OpenSSL: a private key, Z, and signatures of e (GB/T 32918.2). */
#ifndef SIGNETD_SM2_KEY_H
#define SIGNETD_SM2_KEY_H

#include <openssl/evp.h>
#include <stddef.h>

#define SM2_BYTES 32

typedef struct {
    EVP_PKEY *pkey;
    unsigned char point[1 + 2 * SM2_BYTES]; /* 04 || x || y */
} sm2_key;

/* Makes a key of the scalar d; one point multiplication. Returns 1, or 0 on failure. */
int sm2_key_load(sm2_key *key, const unsigned char *d, size_t length);
void sm2_key_clear(sm2_key *key);

/* Begins SM3; with an ID, Z of the key and the ID is absorbed first. */
EVP_MD_CTX *sm2_hash_begin(const sm2_key *key, const unsigned char *id, size_t length);

/* Signs e (32 bytes); writes r || s (64 bytes). Returns 1, or 0 on failure. */
int sm2_sign(const sm2_key *key, const unsigned char *e, unsigned char *rs);

#endif
