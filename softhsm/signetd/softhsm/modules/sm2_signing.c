/* The signature operations: C_SignInit, C_Sign, C_SignUpdate, C_SignFinal. */
#include "sm2.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* One signature operation of a session. */
struct signing {
    EVP_PKEY *key;
    EVP_MD_CTX *hash; /* NULL when the application gives e itself */
    uint8_t e[SM2_LENGTH];
    size_t e_length;
    bool in_parts; /* C_SignUpdate was called */
};

void signing_free(void *pointer)
{
    struct signing *signing = pointer;
    EVP_PKEY_free(signing->key);
    EVP_MD_CTX_free(signing->hash);
    OPENSSL_cleanse(signing, sizeof *signing);
    free(signing);
}

/* SoftHSM allows one operation of any kind per session and has no call that tells whether one is
 * active; a digest that can be started shows that none is. */
static CK_RV check_no_real_operation(CK_SESSION_HANDLE session)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG length = sizeof digest;
    CK_RV rv = real->C_DigestInit(session, &sha256);
    return rv == CKR_OK ? real->C_DigestFinal(session, digest, &length) : rv;
}

static EVP_PKEY *load_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    EVP_PKEY *key = object_key(session, object);
    if (key != NULL)
        return key;
    CK_BYTE scalar[SM2_LENGTH];
    CK_ATTRIBUTE value = {CKA_VALUE, scalar, sizeof scalar};
    if (real->C_GetAttributeValue(session, object, &value, 1) == CKR_OK)
        key = sm2_key_from_scalar(scalar, value.ulValueLen);
    OPENSSL_cleanse(scalar, sizeof scalar);
    if (key != NULL)
        object_set_key(session, object, key);
    return key;
}

static CK_RV check_parameter(const CK_MECHANISM *mechanism)
{
    bool takes_id = mechanism->mechanism == config.sign_sm3 && config.hashing == HASH_Z;
    if (mechanism->pParameter == NULL)
        return mechanism->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
    bool good = takes_id && mechanism->ulParameterLen > 0 && mechanism->ulParameterLen <= SM2_MAX_ID;
    return good ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

static bool start_hash(struct signing *signing, const CK_MECHANISM *mechanism)
{
    const uint8_t *id = (const uint8_t *)SM2_DEFAULT_ID;
    size_t id_length = sizeof SM2_DEFAULT_ID - 1;
    if (mechanism->pParameter != NULL) {
        id = mechanism->pParameter;
        id_length = mechanism->ulParameterLen;
    }
    signing->hash = EVP_MD_CTX_new();
    if (signing->hash == NULL)
        return false;
    if (config.hashing == HASH_PLAIN)
        return EVP_DigestInit_ex(signing->hash, EVP_sm3(), NULL) == 1;
    return sm2_hash_z(signing->hash, signing->key, id, id_length);
}

static CK_RV start(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism,
                   CK_OBJECT_HANDLE object)
{
    struct signing *signing = calloc(1, sizeof *signing);
    if (signing == NULL)
        return CKR_HOST_MEMORY;
    signing->key = load_key(session, object);
    bool started = signing->key != NULL &&
                   (mechanism->mechanism == config.sign || start_hash(signing, mechanism));
    if (!started) {
        signing_free(signing);
        return CKR_FUNCTION_FAILED;
    }
    return session_give(session, STATE_SIGNING, signing) ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

static CK_RV check_key(CK_RV looked_up, const struct object_info *info)
{
    if (looked_up == CKR_OBJECT_HANDLE_INVALID)
        return CKR_KEY_HANDLE_INVALID;
    if (looked_up != CKR_OK)
        return looked_up;
    if (info->kind == OBJECT_OTHER)
        return CKR_KEY_TYPE_INCONSISTENT;
    bool usable = info->kind == OBJECT_PRIVATE && info->marked && info->may_sign;
    return usable ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

CK_RV sm2_C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    struct object_info info;
    if (session_holds(session, STATE_SIGNING))
        return CKR_OPERATION_ACTIVE;
    if (mechanism == NULL || !session_known(session))
        return real->C_SignInit(session, mechanism, key);
    CK_RV rv = object_look_up(session, key, &info);
    if (!config_is_sign_mechanism(mechanism->mechanism)) {
        if (rv == CKR_OK && info.kind != OBJECT_OTHER)
            return CKR_KEY_TYPE_INCONSISTENT;
        return real->C_SignInit(session, mechanism, key);
    }
    rv = check_key(rv, &info);
    if (rv == CKR_OK)
        rv = check_parameter(mechanism);
    if (rv == CKR_OK)
        rv = check_no_real_operation(session);
    return rv == CKR_OK ? start(session, mechanism, key) : rv;
}

static CK_RV absorb(struct signing *signing, const CK_BYTE *data, CK_ULONG length)
{
    if (data == NULL && length > 0)
        return CKR_ARGUMENTS_BAD;
    if (length == 0)
        return CKR_OK;
    if (signing->hash != NULL)
        return EVP_DigestUpdate(signing->hash, data, length) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
    if (length > SM2_LENGTH - signing->e_length)
        return CKR_DATA_LEN_RANGE;
    memcpy(signing->e + signing->e_length, data, length);
    signing->e_length += length;
    return CKR_OK;
}

static CK_RV finish(struct signing *signing, CK_BYTE *output, CK_ULONG *output_length)
{
    uint8_t rs[2 * SM2_LENGTH];
    if (signing->hash != NULL) {
        if (EVP_DigestFinal_ex(signing->hash, signing->e, NULL) != 1)
            return CKR_FUNCTION_FAILED;
    } else if (signing->e_length != SM2_LENGTH) {
        return CKR_DATA_LEN_RANGE;
    }
    if (!sm2_sign(signing->key, signing->e, rs))
        return CKR_FUNCTION_FAILED;
    *output_length = sm2_encode(rs, output);
    return CKR_OK;
}

/* Whether the call only asks for the length, or has too little room; the operation then goes on. */
static bool only_length(const CK_BYTE *output, CK_ULONG *output_length, CK_RV *rv)
{
    CK_ULONG needed = sm2_signature_length();
    if (output != NULL && *output_length >= needed)
        return false;
    *rv = output == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    *output_length = needed;
    return true;
}

CK_RV sm2_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output,
                 CK_ULONG *output_length)
{
    CK_RV rv = CKR_OK;
    struct signing *signing = session_take(session, STATE_SIGNING);
    if (signing == NULL)
        return real->C_Sign(session, data, length, output, output_length);
    if (signing->in_parts) { /* as SoftHSM: the operation stays, to be ended by C_SignFinal */
        session_give(session, STATE_SIGNING, signing);
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    if (output_length == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (only_length(output, output_length, &rv)) {
        session_give(session, STATE_SIGNING, signing);
        return rv;
    } else {
        rv = absorb(signing, data, length);
        if (rv == CKR_OK)
            rv = finish(signing, output, output_length);
    }
    signing_free(signing);
    return rv;
}

CK_RV sm2_C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length)
{
    struct signing *signing = session_take(session, STATE_SIGNING);
    if (signing == NULL)
        return real->C_SignUpdate(session, data, length);
    CK_RV rv = absorb(signing, data, length);
    signing->in_parts = true;
    if (rv == CKR_OK)
        session_give(session, STATE_SIGNING, signing);
    else
        signing_free(signing);
    return rv;
}

CK_RV sm2_C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length)
{
    CK_RV rv = CKR_OK;
    struct signing *signing = session_take(session, STATE_SIGNING);
    if (signing == NULL)
        return real->C_SignFinal(session, output, output_length);
    if (output_length == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (only_length(output, output_length, &rv)) {
        session_give(session, STATE_SIGNING, signing);
        return rv;
    } else {
        rv = finish(signing, output, output_length);
    }
    signing_free(signing);
    return rv;
}
