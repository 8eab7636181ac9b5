/* SM2 signatures of GB/T 32918.2, computed with OpenSSL 3. */
#include "sm2.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "the SM2 module needs the headers of OpenSSL 3"
#endif

#define DER_MAXIMUM 72 /* SEQUENCE of two INTEGERs of 33 bytes */
#define DER_PADDED 70  /* SEQUENCE of two INTEGERs of 32 bytes */

/* a, b, xG and yG of the curve of GB/T 32918.5, in the order in which Z hashes them. */
static const uint8_t CURVE_PART_OF_Z[4 * SM2_LENGTH] = {
    0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFC,
    0x28, 0xE9, 0xFA, 0x9E, 0x9D, 0x9F, 0x5E, 0x34, 0x4D, 0x5A, 0x9E, 0x4B, 0xCF, 0x65, 0x09, 0xA7,
    0xF3, 0x97, 0x89, 0xF5, 0x15, 0xAB, 0x8F, 0x92, 0xDD, 0xBC, 0xBD, 0x41, 0x4D, 0x94, 0x0E, 0x93,
    0x32, 0xC4, 0xAE, 0x2C, 0x1F, 0x19, 0x81, 0x19, 0x5F, 0x99, 0x04, 0x46, 0x6A, 0x39, 0xC9, 0x94,
    0x8F, 0xE3, 0x0B, 0xBF, 0xF2, 0x66, 0x0B, 0xE1, 0x71, 0x5A, 0x45, 0x89, 0x33, 0x4C, 0x74, 0xC7,
    0xBC, 0x37, 0x36, 0xA2, 0xF4, 0xF6, 0x77, 0x9C, 0x59, 0xBD, 0xCE, 0xE3, 0x6B, 0x69, 0x21, 0x53,
    0xD0, 0xA9, 0x87, 0x7C, 0xC6, 0x2A, 0x47, 0x40, 0x02, 0xDF, 0x32, 0xE5, 0x21, 0x39, 0xF0, 0xA0,
};

static bool public_point(const BIGNUM *scalar, uint8_t point[SM2_POINT_LENGTH])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    EC_POINT *product = group == NULL ? NULL : EC_POINT_new(group);
    bool done = product != NULL && EC_POINT_mul(group, product, scalar, NULL, NULL, NULL) == 1 &&
                EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point,
                                   SM2_POINT_LENGTH, NULL) == SM2_POINT_LENGTH;
    EC_POINT_free(product);
    EC_GROUP_free(group);
    return done;
}

static EVP_PKEY *key_from_parameters(OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

/* Make the key pair of a private scalar (big-endian); NULL if it is not one. */
EVP_PKEY *sm2_key_from_scalar(const uint8_t *scalar, size_t length)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *d = BN_secure_new();
    uint8_t point[SM2_POINT_LENGTH];
    if (builder != NULL && d != NULL && length > 0 && length <= SM2_LENGTH &&
        BN_bin2bn(scalar, (int)length, d) != NULL && !BN_is_zero(d) && public_point(d, point) &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) ==
            1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
        parameters = OSSL_PARAM_BLD_to_param(builder);
    if (parameters != NULL)
        key = key_from_parameters(parameters);
    OSSL_PARAM_free(parameters); /* wipes: the scalar came from secure memory */
    OSSL_PARAM_BLD_free(builder);
    BN_clear_free(d);
    return key;
}

/* Start *hash* as SM3 over Z of GB/T 32918.2, 5.5: ENTL, ID, a, b, xG, yG, xA, yA. */
bool sm2_hash_z(EVP_MD_CTX *hash, const EVP_PKEY *key, const uint8_t *id, size_t id_length)
{
    uint8_t point[SM2_POINT_LENGTH];
    uint8_t z[SM2_LENGTH];
    size_t point_length = 0;
    uint8_t bits[2] = {(uint8_t)(id_length * 8 >> 8), (uint8_t)(id_length * 8)};
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                           &point_length) == 1 &&
           point_length == sizeof point && EVP_DigestInit_ex(hash, EVP_sm3(), NULL) == 1 &&
           EVP_DigestUpdate(hash, bits, sizeof bits) == 1 &&
           EVP_DigestUpdate(hash, id, id_length) == 1 &&
           EVP_DigestUpdate(hash, CURVE_PART_OF_Z, sizeof CURVE_PART_OF_Z) == 1 &&
           EVP_DigestUpdate(hash, point + 1, sizeof point - 1) == 1 &&
           EVP_DigestFinal_ex(hash, z, NULL) == 1 &&
           EVP_DigestInit_ex(hash, EVP_sm3(), NULL) == 1 &&
           EVP_DigestUpdate(hash, z, sizeof z) == 1;
}

static bool der_to_raw(const uint8_t *der, size_t length, uint8_t rs[2 * SM2_LENGTH])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    if (signature == NULL)
        return false;
    bool done =
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), rs, SM2_LENGTH) == SM2_LENGTH &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), rs + SM2_LENGTH, SM2_LENGTH) == SM2_LENGTH;
    ECDSA_SIG_free(signature);
    return done;
}

/* Sign e of GB/T 32918.2, 6.1 as it is given. */
bool sm2_sign(EVP_PKEY *key, const uint8_t e[SM2_LENGTH], uint8_t rs[2 * SM2_LENGTH])
{
    uint8_t der[DER_MAXIMUM];
    size_t length = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool done = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_sign(context, der, &length, e, SM2_LENGTH) == 1 &&
                der_to_raw(der, length, rs);
    EVP_PKEY_CTX_free(context);
    return done;
}

/* The largest signature in the configured form. */
size_t sm2_signature_length(void)
{
    switch (config.output) {
    case OUTPUT_DER:
        return DER_MAXIMUM;
    case OUTPUT_DER_PADDED:
        return DER_PADDED;
    default:
        return 2 * SM2_LENGTH;
    }
}

static size_t put_integer(const uint8_t *number, bool padded, uint8_t *output)
{
    size_t skip = 0;
    size_t sign_byte = 0;
    if (!padded) {
        while (skip < SM2_LENGTH - 1 && number[skip] == 0)
            skip++;
        sign_byte = number[skip] >> 7;
    }
    size_t length = SM2_LENGTH - skip;
    output[0] = 0x02;
    output[1] = (uint8_t)(length + sign_byte);
    output[2] = 0;
    memcpy(output + 2 + sign_byte, number + skip, length);
    return 2 + sign_byte + length;
}

/* Write r and s in the configured form; returns the length, at most sm2_signature_length().
 * The padded form is what some devices send and is not DER: always 32 bytes for each INTEGER, so a
 * zero too many in front of a small number and none in front of one with the highest bit set. */
size_t sm2_encode(const uint8_t rs[2 * SM2_LENGTH], uint8_t *output)
{
    if (config.output == OUTPUT_RAW) {
        memcpy(output, rs, 2 * SM2_LENGTH);
        return 2 * SM2_LENGTH;
    }
    bool padded = config.output == OUTPUT_DER_PADDED;
    size_t length = put_integer(rs, padded, output + 2);
    length += put_integer(rs + SM2_LENGTH, padded, output + 2 + length);
    output[0] = 0x30;
    output[1] = (uint8_t)length;
    return 2 + length;
}
