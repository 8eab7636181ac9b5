/* What must not be done with an SM2 key, and the rule of one operation per session. */
#include "sm2.h"

static bool is_sm2(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, struct object_info *info)
{
    /* An object that cannot be looked up gets its error from the real call that follows. */
    return object_look_up(session, object, info) == CKR_OK && info->kind != OBJECT_OTHER;
}

static bool is_sm2_private(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                           struct object_info *info)
{
    return is_sm2(session, object, info) && info->kind == OBJECT_PRIVATE;
}

/* A copy could be given other attributes, and would be stored readable. */
CK_RV sm2_C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                       CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
    struct object_info info;
    if (is_sm2_private(session, object, &info))
        return CKR_ACTION_PROHIBITED;
    return real->C_CopyObject(session, object, attributes, count, copy);
}

CK_RV sm2_C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    struct object_info info;
    if (is_sm2_private(session, object, &info))
        return CKR_ACTION_PROHIBITED;
    return real->C_SetAttributeValue(session, object, attributes, count);
}

CK_RV sm2_C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE *output,
                    CK_ULONG *output_length)
{
    struct object_info info;
    if (is_sm2_private(session, key, &info))
        return info.marked && info.extractable ? CKR_KEY_NOT_WRAPPABLE : CKR_KEY_UNEXTRACTABLE;
    if (is_sm2(session, wrapping_key, &info))
        return CKR_KEY_TYPE_INCONSISTENT;
    return real->C_WrapKey(session, mechanism, wrapping_key, key, output, output_length);
}

CK_RV sm2_C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE *attributes, CK_ULONG count,
                      CK_OBJECT_HANDLE *key)
{
    struct object_info info;
    if (is_sm2(session, base_key, &info))
        return CKR_KEY_TYPE_INCONSISTENT;
    return real->C_DeriveKey(session, mechanism, base_key, attributes, count, key);
}

CK_RV sm2_C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
    if (session_holds(session, STATE_SIGNING))
        return CKR_OPERATION_ACTIVE;
    return real->C_DigestInit(session, mechanism);
}

/* Operations with a key that this module does not offer for SM2. */
#define REFUSE_FOR_SM2(name)                                                                      \
    CK_RV sm2_##name(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)    \
    {                                                                                             \
        struct object_info info;                                                                  \
        if (session_holds(session, STATE_SIGNING))                                                \
            return CKR_OPERATION_ACTIVE;                                                          \
        if (is_sm2(session, key, &info))                                                          \
            return CKR_KEY_TYPE_INCONSISTENT;                                                     \
        return real->name(session, mechanism, key);                                               \
    }

REFUSE_FOR_SM2(C_EncryptInit)
REFUSE_FOR_SM2(C_DecryptInit)
REFUSE_FOR_SM2(C_SignRecoverInit)
REFUSE_FOR_SM2(C_VerifyInit)
REFUSE_FOR_SM2(C_VerifyRecoverInit)
