/* SM2 with OpenSSL's EVP interface. */
#include "sm2_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

/* a, b, x and y of the base point (GB/T 32918.5), as Z takes them. */
static const unsigned char curve[4 * SM2_BYTES] = {
    0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFC,
    0x28, 0xE9, 0xFA, 0x9E, 0x9D, 0x9F, 0x5E, 0x34, 0x4D, 0x5A, 0x9E, 0x4B, 0xCF, 0x65, 0x09, 0xA7,
    0xF3, 0x97, 0x89, 0xF5, 0x15, 0xAB, 0x8F, 0x92, 0xDD, 0xBC, 0xBD, 0x41, 0x4D, 0x94, 0x0E, 0x93,
    0x32, 0xC4, 0xAE, 0x2C, 0x1F, 0x19, 0x81, 0x19, 0x5F, 0x99, 0x04, 0x46, 0x6A, 0x39, 0xC9, 0x94,
    0x8F, 0xE3, 0x0B, 0xBF, 0xF2, 0x66, 0x0B, 0xE1, 0x71, 0x5A, 0x45, 0x89, 0x33, 0x4C, 0x74, 0xC7,
    0xBC, 0x37, 0x36, 0xA2, 0xF4, 0xF6, 0x77, 0x9C, 0x59, 0xBD, 0xCE, 0xE3, 0x6B, 0x69, 0x21, 0x53,
    0xD0, 0xA9, 0x87, 0x7C, 0xC6, 0x2A, 0x47, 0x40, 0x02, 0xDF, 0x32, 0xE5, 0x21, 0x39, 0xF0, 0xA0,
};

static int public_point(const BIGNUM *d, unsigned char *out, size_t size)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    size_t written = 0;

    if (point && EC_POINT_mul(group, point, d, NULL, NULL, NULL))
        written = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out, size, NULL);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return written == size;
}

static EVP_PKEY *assemble(const BIGNUM *d, const unsigned char *point, size_t size)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;

    if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, size))
        parameters = OSSL_PARAM_BLD_to_param(builder);
    if (context && parameters && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

int sm2_key_load(sm2_key *key, const unsigned char *d, size_t length)
{
    BIGNUM *number = BN_secure_new();

    key->pkey = NULL;
    if (number && BN_bin2bn(d, (int)length, number) &&
        public_point(number, key->point, sizeof key->point))
        key->pkey = assemble(number, key->point, sizeof key->point);
    BN_clear_free(number);
    return key->pkey != NULL;
}

void sm2_key_clear(sm2_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}

static int absorb_z(EVP_MD_CTX *hash, const sm2_key *key, const unsigned char *id, size_t length)
{
    unsigned char z[SM2_BYTES];
    unsigned char entl[2] = {(unsigned char)(length >> 5), (unsigned char)(length << 3)};

    return EVP_DigestUpdate(hash, entl, sizeof entl) && EVP_DigestUpdate(hash, id, length) &&
           EVP_DigestUpdate(hash, curve, sizeof curve) &&
           EVP_DigestUpdate(hash, key->point + 1, sizeof key->point - 1) &&
           EVP_DigestFinal_ex(hash, z, NULL) && EVP_DigestInit_ex(hash, EVP_sm3(), NULL) &&
           EVP_DigestUpdate(hash, z, sizeof z);
}

EVP_MD_CTX *sm2_hash_begin(const sm2_key *key, const unsigned char *id, size_t length)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();

    if (hash && EVP_DigestInit_ex(hash, EVP_sm3(), NULL) &&
        (!id || absorb_z(hash, key, id, length)))
        return hash;
    EVP_MD_CTX_free(hash);
    return NULL;
}

static int der_to_rs(const unsigned char *der, size_t length, unsigned char *rs)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    int done = signature &&
               BN_bn2binpad(ECDSA_SIG_get0_r(signature), rs, SM2_BYTES) == SM2_BYTES &&
               BN_bn2binpad(ECDSA_SIG_get0_s(signature), rs + SM2_BYTES, SM2_BYTES) == SM2_BYTES;

    ECDSA_SIG_free(signature);
    return done;
}

int sm2_sign(const sm2_key *key, const unsigned char *e, unsigned char *rs)
{
    unsigned char der[80];
    size_t length = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    int done = context && EVP_PKEY_sign_init(context) == 1 &&
               EVP_PKEY_sign(context, der, &length, e, SM2_BYTES) == 1 &&
               der_to_rs(der, length, rs);

    EVP_PKEY_CTX_free(context);
    return done;
}
