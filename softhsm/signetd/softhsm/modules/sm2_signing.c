/* C_SignInit to C_SignFinal for the vendor's SM2 mechanisms; others go to the real module. */
#include "sm2_state.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#define MAX_KEYS 256
#define MAX_OPERATIONS 64
#define MAX_SIGNATURE 72

typedef struct {
    CK_OBJECT_HANDLE handle;
    sm2_key key;
} cached_key;

typedef struct {
    CK_SESSION_HANDLE session;
    const sm2_key *key;
    EVP_MD_CTX *hash; /* NULL: the data is e itself */
    int active;
} operation;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cached_key keys[MAX_KEYS];
static operation operations[MAX_OPERATIONS];
static const unsigned char default_id[] = "1234567812345678";

static operation *operation_of(CK_SESSION_HANDLE session)
{
    for (int i = 0; i < MAX_OPERATIONS; i++)
        if (operations[i].active && operations[i].session == session)
            return &operations[i];
    return NULL;
}

static void end(operation *op)
{
    EVP_MD_CTX_free(op->hash);
    memset(op, 0, sizeof *op);
}

static CK_RV read_scalar(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, cached_key *slot)
{
    unsigned char d[2 * SM2_BYTES];
    CK_ATTRIBUTE value = {CKA_VALUE, d, sizeof d};
    CK_RV rv = real->C_GetAttributeValue(session, object, &value, 1);

    if (rv == CKR_OK && sm2_key_load(&slot->key, d, value.ulValueLen))
        slot->handle = object;
    else
        rv = rv == CKR_OK ? CKR_FUNCTION_FAILED : CKR_KEY_HANDLE_INVALID;
    OPENSSL_cleanse(d, sizeof d);
    return rv;
}

static CK_RV load_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const sm2_key **key)
{
    cached_key *empty = NULL;

    for (int i = 0; i < MAX_KEYS; i++) {
        if (keys[i].key.pkey && keys[i].handle == object) {
            *key = &keys[i].key;
            return CKR_OK;
        }
        if (!keys[i].key.pkey && !empty)
            empty = &keys[i];
    }
    if (!empty)
        return CKR_HOST_MEMORY;
    if (kind_of(session, object) != SM2_PRIVATE)
        return CKR_KEY_TYPE_INCONSISTENT;
    CK_RV rv = read_scalar(session, object, empty);
    *key = &empty->key;
    return rv;
}

static CK_RV begin_hash(operation *op, CK_MECHANISM *mechanism)
{
    const unsigned char *id = default_id;
    size_t length = sizeof default_id - 1;

    if (mechanism->pParameter && mechanism->ulParameterLen > 0) {
        if (settings.hashing != HASHING_Z || mechanism->ulParameterLen > 8191)
            return CKR_MECHANISM_PARAM_INVALID;
        id = mechanism->pParameter;
        length = mechanism->ulParameterLen;
    }
    op->hash = sm2_hash_begin(op->key, settings.hashing == HASHING_PLAIN ? NULL : id, length);
    return op->hash ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV begin(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE object)
{
    operation *op = NULL;

    for (int i = 0; i < MAX_OPERATIONS && !op; i++)
        if (!operations[i].active)
            op = &operations[i];
    if (!op)
        return CKR_HOST_MEMORY;
    CK_RV rv = load_key(session, object, &op->key);
    if (rv == CKR_OK && mechanism->mechanism == settings.sign_sm3)
        rv = begin_hash(op, mechanism);
    if (rv != CKR_OK) {
        end(op);
        return rv;
    }
    op->session = session;
    op->active = 1;
    return CKR_OK;
}

CK_RV sm2_C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE object)
{
    CK_RV rv;

    if (!mechanism)
        return CKR_ARGUMENTS_BAD;
    pthread_mutex_lock(&lock);
    if (operation_of(session))
        rv = CKR_OPERATION_ACTIVE;
    else if (mechanism->mechanism && (mechanism->mechanism == settings.sign ||
                                      mechanism->mechanism == settings.sign_sm3))
        rv = begin(session, mechanism, object);
    else if (kind_of(session, object) == SM2_PRIVATE)
        rv = CKR_KEY_TYPE_INCONSISTENT;
    else
        rv = real->C_SignInit(session, mechanism, object);
    pthread_mutex_unlock(&lock);
    return rv;
}

static CK_ULONG put_integer(CK_BYTE *out, const CK_BYTE *number, int padded)
{
    CK_ULONG skip = 0, sign;

    while (!padded && skip < SM2_BYTES - 1 && number[skip] == 0)
        skip++;
    sign = !padded && (number[skip] & 0x80) ? 1 : 0;
    out[0] = 0x02;
    out[1] = (CK_BYTE)(SM2_BYTES - skip + sign);
    out[2] = 0;
    memcpy(out + 2 + sign, number + skip, SM2_BYTES - skip);
    return 2 + sign + SM2_BYTES - skip;
}

/* Writes r || s as the vendor would; der-padded is the malformed DER that real tokens return:
 * integers of a fixed 32 bytes, whatever their first bit. */
static CK_ULONG encode(const CK_BYTE *rs, CK_BYTE *out)
{
    int padded = settings.output == OUTPUT_DER_PADDED;

    if (settings.output == OUTPUT_RAW) {
        memcpy(out, rs, 2 * SM2_BYTES);
        return 2 * SM2_BYTES;
    }
    CK_ULONG r = put_integer(out + 2, rs, padded);
    CK_ULONG s = put_integer(out + 2 + r, rs + SM2_BYTES, padded);
    out[0] = 0x30;
    out[1] = (CK_BYTE)(r + s);
    return 2 + r + s;
}

static CK_RV finish(operation *op, const CK_BYTE *e, CK_BYTE *signature, CK_ULONG *length)
{
    CK_BYTE rs[2 * SM2_BYTES];

    if (!sm2_sign(op->key, e, rs))
        return CKR_FUNCTION_FAILED;
    *length = encode(rs, signature);
    return CKR_OK;
}

/* Answers the question for the length; the operation stays active then. */
static int asks_length(CK_BYTE *signature, CK_ULONG *length, CK_RV *rv)
{
    CK_ULONG most = settings.output == OUTPUT_RAW ? 2 * SM2_BYTES : MAX_SIGNATURE;
    int too_small = signature && *length < most;

    if (signature && !too_small)
        return 0;
    *length = most;
    *rv = too_small ? CKR_BUFFER_TOO_SMALL : CKR_OK;
    return 1;
}

static CK_RV sign_once(operation *op, CK_BYTE *data, CK_ULONG data_length, CK_BYTE *signature,
                       CK_ULONG *length)
{
    CK_BYTE digest[SM2_BYTES];

    if (!op->hash)
        return data_length == SM2_BYTES ? finish(op, data, signature, length) : CKR_DATA_LEN_RANGE;
    if (!EVP_DigestUpdate(op->hash, data, data_length) ||
        !EVP_DigestFinal_ex(op->hash, digest, NULL))
        return CKR_FUNCTION_FAILED;
    return finish(op, digest, signature, length);
}

CK_RV sm2_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_length,
                 CK_BYTE *signature, CK_ULONG *length)
{
    CK_RV rv;

    pthread_mutex_lock(&lock);
    operation *op = operation_of(session);
    if (!op) {
        pthread_mutex_unlock(&lock);
        return real->C_Sign(session, data, data_length, signature, length);
    }
    if (!length)
        rv = CKR_ARGUMENTS_BAD;
    else if (!asks_length(signature, length, &rv)) {
        rv = sign_once(op, data, data_length, signature, length);
        end(op);
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

CK_RV sm2_C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_length)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&lock);
    operation *op = operation_of(session);
    if (!op)
        rv = real->C_SignUpdate(session, part, part_length);
    else if (!op->hash || !EVP_DigestUpdate(op->hash, part, part_length)) {
        rv = CKR_FUNCTION_FAILED;
        end(op);
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

CK_RV sm2_C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *length)
{
    CK_BYTE nothing = 0;

    pthread_mutex_lock(&lock);
    int ours = operation_of(session) != NULL;
    pthread_mutex_unlock(&lock);
    if (!ours)
        return real->C_SignFinal(session, signature, length);
    return sm2_C_Sign(session, &nothing, 0, signature, length);
}

void forget_operation(CK_SESSION_HANDLE session)
{
    pthread_mutex_lock(&lock);
    operation *op = operation_of(session);
    if (op)
        end(op);
    pthread_mutex_unlock(&lock);
}

void forget_everything(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_OPERATIONS; i++)
        end(&operations[i]);
    for (int i = 0; i < MAX_KEYS; i++)
        sm2_key_clear(&keys[i].key);
    pthread_mutex_unlock(&lock);
}
