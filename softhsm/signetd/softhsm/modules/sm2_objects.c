/* What the application sees of the objects that SoftHSM stores: which of them are SM2 keys, and their
 * attributes.
 *
 * SoftHSM holds an SM2 key pair as an EC key pair on the SM2 curve; that is how it is recognised.
 * The private key is stored readable, because this module needs the scalar, and is shown as the
 * application asked for it. What it asked for must survive a restart: it is one number, the mark, in
 * CKA_ALLOWED_MECHANISMS. SoftHSM keeps that attribute and obeys it, so the mark, which is no mechanism
 * of SoftHSM, also stops SoftHSM itself from signing with the key. */
#include "sm2.h"

#include <stdlib.h>
#include <string.h>

/* 1.2.156.10197.1.301 (GM/T 0006) as DER. */
const CK_BYTE SM2_CURVE[10] = {0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D};

#define MARK 0xD3534D00UL /* in the vendors' range; the lowest bits are the two flags below */
#define MARK_READABLE 1UL
#define MARK_EXTRACTABLE 2UL

CK_MECHANISM_TYPE mark_make(bool sensitive, bool extractable)
{
    return MARK | (sensitive ? 0 : MARK_READABLE) | (extractable ? MARK_EXTRACTABLE : 0);
}

bool mark_read(CK_MECHANISM_TYPE mark, bool *sensitive, bool *extractable)
{
    *sensitive = (mark & MARK_READABLE) == 0;
    *extractable = (mark & MARK_EXTRACTABLE) != 0;
    return (mark & ~(MARK_READABLE | MARK_EXTRACTABLE)) == MARK;
}

static bool read_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                           CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG length)
{
    CK_ATTRIBUTE attribute = {type, value, length};
    return real->C_GetAttributeValue(session, object, &attribute, 1) == CKR_OK &&
           attribute.ulValueLen == length;
}

static bool read_flag(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL flag = CK_FALSE;
    return read_attribute(session, object, type, &flag, sizeof flag) && flag != CK_FALSE;
}

static bool is_on_sm2_curve(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_KEY_TYPE key_type = 0;
    CK_BYTE curve[sizeof SM2_CURVE];
    return read_attribute(session, object, CKA_KEY_TYPE, &key_type, sizeof key_type) &&
           key_type == CKK_EC &&
           read_attribute(session, object, CKA_EC_PARAMS, curve, sizeof curve) &&
           memcmp(curve, SM2_CURVE, sizeof curve) == 0;
}

static void inspect(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_OBJECT_CLASS class,
                    struct object_info *info)
{
    CK_MECHANISM_TYPE mark = 0;
    info->session_object = !read_flag(session, object, CKA_TOKEN);
    if (!is_on_sm2_curve(session, object))
        return;
    if (class == CKO_PUBLIC_KEY) {
        info->kind = OBJECT_PUBLIC;
        return;
    }
    info->kind = OBJECT_PRIVATE;
    info->may_sign = read_flag(session, object, CKA_SIGN);
    info->marked =
        read_attribute(session, object, CKA_ALLOWED_MECHANISMS, &mark, sizeof mark) &&
        mark_read(mark, &info->sensitive, &info->extractable);
}

/* Tell what an object is. The token is asked each time whether the object is (still) there, since
 * another process may have destroyed it. Returns the token's own error. */
CK_RV object_look_up(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, struct object_info *info)
{
    CK_OBJECT_CLASS class = 0;
    CK_ATTRIBUTE attribute = {CKA_CLASS, &class, sizeof class};
    *info = (struct object_info){.kind = OBJECT_OTHER};
    CK_RV rv = real->C_GetAttributeValue(session, object, &attribute, 1);
    if (rv != CKR_OK)
        return rv;
    if (class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY)
        return CKR_OK;
    if (!object_recall(session, object, info)) {
        inspect(session, object, class, info);
        object_remember(session, object, info);
    }
    return CKR_OK;
}

/* Whether the application sees another value of this attribute than SoftHSM stores. */
bool attribute_is_replaced(CK_ATTRIBUTE_TYPE type)
{
    switch (type) {
    case CKA_KEY_TYPE:
    case CKA_KEY_GEN_MECHANISM:
    case CKA_SENSITIVE:
    case CKA_ALWAYS_SENSITIVE:
    case CKA_EXTRACTABLE:
    case CKA_NEVER_EXTRACTABLE:
    case CKA_ALLOWED_MECHANISMS:
        return true;
    default:
        return false;
    }
}

static CK_RV put(CK_ATTRIBUTE *attribute, const void *value, CK_ULONG length)
{
    if (attribute->pValue != NULL && attribute->ulValueLen < length) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    if (attribute->pValue != NULL)
        memcpy(attribute->pValue, value, length);
    attribute->ulValueLen = length;
    return CKR_OK;
}

static CK_RV put_flag(CK_ATTRIBUTE *attribute, bool flag)
{
    CK_BBOOL value = flag ? CK_TRUE : CK_FALSE;
    return put(attribute, &value, sizeof value);
}

static CK_RV put_sign_mechanisms(CK_ATTRIBUTE *attribute)
{
    CK_MECHANISM_TYPE mechanisms[2];
    CK_ULONG count = 0;
    if (config.sign != 0)
        mechanisms[count++] = config.sign;
    if (config.sign_sm3 != 0)
        mechanisms[count++] = config.sign_sm3;
    return put(attribute, mechanisms, count * sizeof mechanisms[0]);
}

static CK_RV get_generation_mechanism(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                      CK_ATTRIBUTE *attribute)
{
    CK_MECHANISM_TYPE stored = CK_UNAVAILABLE_INFORMATION;
    if (read_attribute(session, object, CKA_KEY_GEN_MECHANISM, &stored, sizeof stored) &&
        stored == CKM_EC_KEY_PAIR_GEN)
        stored = config.generate;
    return put(attribute, &stored, sizeof stored);
}

static CK_RV get_private(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                         const struct object_info *info, CK_ATTRIBUTE *attribute)
{
    switch (attribute->type) {
    case CKA_SENSITIVE:
    case CKA_ALWAYS_SENSITIVE:
        return put_flag(attribute, info->sensitive);
    case CKA_EXTRACTABLE:
        return put_flag(attribute, info->extractable);
    case CKA_NEVER_EXTRACTABLE:
        return put_flag(attribute, !info->extractable);
    case CKA_ALLOWED_MECHANISMS:
        return put_sign_mechanisms(attribute);
    case CKA_VALUE:
        if (info->sensitive || !info->extractable) {
            attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
            return CKR_ATTRIBUTE_SENSITIVE;
        }
        break;
    default:
        break;
    }
    return real->C_GetAttributeValue(session, object, attribute, 1);
}

static CK_RV get_one(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     const struct object_info *info, CK_ATTRIBUTE *attribute)
{
    if (attribute->type == CKA_KEY_TYPE)
        return put(attribute, &config.key_type, sizeof config.key_type);
    if (attribute->type == CKA_KEY_GEN_MECHANISM)
        return get_generation_mechanism(session, object, attribute);
    if (info->marked)
        return get_private(session, object, info, attribute);
    return real->C_GetAttributeValue(session, object, attribute, 1);
}

/* These concern one attribute; the standard wants the others to be read all the same. */
static bool concerns_one_attribute(CK_RV rv)
{
    return rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
           rv == CKR_BUFFER_TOO_SMALL;
}

CK_RV sm2_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    struct object_info info;
    CK_RV result = attributes == NULL ? CKR_ARGUMENTS_BAD : object_look_up(session, object, &info);
    if (result != CKR_OK || info.kind == OBJECT_OTHER)
        return real->C_GetAttributeValue(session, object, attributes, count);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_RV rv = get_one(session, object, &info, &attributes[i]);
        if (rv != CKR_OK && !concerns_one_attribute(rv))
            return rv;
        if (result == CKR_OK)
            result = rv;
    }
    return result;
}
