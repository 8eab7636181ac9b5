/* SM2 keys as objects: SoftHSM stores them as EC keys that this module can read; the caller sees
 * sensitive keys of the vendor's type. */
#include "sm2_state.h"

#include <string.h>

static const CK_BYTE sm2_curve[] = {0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D};
#define MAX_ATTRIBUTES 64

CK_ATTRIBUTE *find_attribute(CK_ATTRIBUTE *attributes, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < count; i++)
        if (attributes[i].type == type)
            return &attributes[i];
    return NULL;
}

int is_true(const CK_ATTRIBUTE *attribute)
{
    return attribute && attribute->pValue && attribute->ulValueLen == sizeof(CK_BBOOL) &&
           *(CK_BBOOL *)attribute->pValue != CK_FALSE;
}

int names_sm2_curve(CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_ATTRIBUTE *found = find_attribute(attributes, count, CKA_EC_PARAMS);

    return found && found->pValue && found->ulValueLen == sizeof sm2_curve &&
           memcmp(found->pValue, sm2_curve, sizeof sm2_curve) == 0;
}

sm2_kind kind_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_BYTE params[sizeof sm2_curve];
    CK_OBJECT_CLASS class = 0;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class},
                             {CKA_EC_PARAMS, params, sizeof params}};

    if (real->C_GetAttributeValue(session, object, wanted, 2) != CKR_OK ||
        !names_sm2_curve(wanted, 2))
        return NOT_SM2;
    return class == CKO_PRIVATE_KEY ? SM2_PRIVATE : class == CKO_PUBLIC_KEY ? SM2_PUBLIC : NOT_SM2;
}

int is_exposed(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_BBOOL derive = CK_FALSE;
    CK_ATTRIBUTE wanted = {CKA_DERIVE, &derive, sizeof derive};

    return real->C_GetAttributeValue(session, object, &wanted, 1) == CKR_OK && is_true(&wanted);
}

static CK_RV answer(CK_ATTRIBUTE *attribute, const void *value, CK_ULONG length)
{
    if (attribute->pValue && attribute->ulValueLen < length) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    if (attribute->pValue)
        memcpy(attribute->pValue, value, length);
    attribute->ulValueLen = length;
    return CKR_OK;
}

static CK_RV answer_private(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, int exposed,
                            CK_ATTRIBUTE *attribute)
{
    CK_BBOOL hidden = exposed ? CK_FALSE : CK_TRUE, open = exposed ? CK_TRUE : CK_FALSE;

    switch (attribute->type) {
    case CKA_VALUE:
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_SENSITIVE;
    case CKA_SENSITIVE:
    case CKA_ALWAYS_SENSITIVE:
    case CKA_NEVER_EXTRACTABLE:
        return answer(attribute, &hidden, sizeof hidden);
    case CKA_EXTRACTABLE:
        return answer(attribute, &open, sizeof open);
    default:
        return real->C_GetAttributeValue(session, object, attribute, 1);
    }
}

CK_RV sm2_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    sm2_kind kind = kind_of(session, object);
    CK_RV result = CKR_OK;

    if (kind == NOT_SM2 || !attributes)
        return real->C_GetAttributeValue(session, object, attributes, count);
    int exposed = kind == SM2_PRIVATE && is_exposed(session, object);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_ATTRIBUTE *wanted = &attributes[i];
        CK_RV rv;
        if (wanted->type == CKA_KEY_TYPE)
            rv = answer(wanted, &settings.key_type, sizeof settings.key_type);
        else if (wanted->type == CKA_KEY_GEN_MECHANISM)
            rv = answer(wanted, &settings.key_pair_gen, sizeof settings.key_pair_gen);
        else if (kind == SM2_PRIVATE)
            rv = answer_private(session, object, exposed, wanted);
        else
            rv = real->C_GetAttributeValue(session, object, wanted, 1);
        if (rv != CKR_OK)
            result = rv;
    }
    return result;
}

/* Copies a template without the types in `dropped`, and with the vendor's key type as CKK_EC.
 * Returns the number of attributes, or -1 when there are too many. */
static int translate(CK_ATTRIBUTE *out, const CK_ATTRIBUTE *in, CK_ULONG count,
                     const CK_ATTRIBUTE_TYPE *dropped, int n_dropped)
{
    static CK_KEY_TYPE ec = CKK_EC;
    int written = 0;

    if (count > MAX_ATTRIBUTES - 4)
        return -1;
    for (CK_ULONG i = 0; i < count; i++) {
        int drop = 0;
        for (int k = 0; k < n_dropped; k++)
            drop |= in[i].type == dropped[k];
        if (drop)
            continue;
        out[written] = in[i];
        if (in[i].type == CKA_KEY_TYPE && in[i].ulValueLen == sizeof ec && in[i].pValue &&
            *(CK_KEY_TYPE *)in[i].pValue == settings.key_type)
            out[written].pValue = &ec;
        written++;
    }
    return written;
}

CK_RV sm2_C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_ATTRIBUTE translated[MAX_ATTRIBUTES];
    CK_ATTRIBUTE *type = find_attribute(attributes, count, CKA_KEY_TYPE);
    int n = translate(translated, attributes, count, NULL, 0);

    if (n < 0)
        return CKR_ARGUMENTS_BAD;
    if (type && n > 0 && translated[type - attributes].pValue != type->pValue &&
        settings.key_type != CKK_EC)
        translated[n++] = (CK_ATTRIBUTE){CKA_EC_PARAMS, (void *)sm2_curve, sizeof sm2_curve};
    return real->C_FindObjectsInit(session, translated, (CK_ULONG)n);
}

CK_RV sm2_C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                            CK_ATTRIBUTE *public, CK_ULONG n_public, CK_ATTRIBUTE *private,
                            CK_ULONG n_private, CK_OBJECT_HANDLE *public_key,
                            CK_OBJECT_HANDLE *private_key)
{
    static const CK_ATTRIBUTE_TYPE dropped[] = {CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_DERIVE,
                                                CKA_KEY_TYPE};
    CK_ATTRIBUTE ours[MAX_ATTRIBUTES], theirs[MAX_ATTRIBUTES];
    CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

    if (!mechanism || mechanism->mechanism != settings.key_pair_gen)
        return real->C_GenerateKeyPair(session, mechanism, public, n_public, private, n_private,
                                       public_key, private_key);
    if (!names_sm2_curve(public, n_public))
        return CKR_DOMAIN_PARAMS_INVALID;
    CK_ATTRIBUTE *sensitive = find_attribute(private, n_private, CKA_SENSITIVE);
    int exposed = is_true(find_attribute(private, n_private, CKA_EXTRACTABLE)) ||
                  (sensitive && !is_true(sensitive));
    int n_theirs = translate(theirs, public, n_public, dropped + 3, 1);
    int n_ours = translate(ours, private, n_private, dropped, 4);
    if (n_theirs < 0 || n_ours < 0)
        return CKR_ARGUMENTS_BAD;
    ours[n_ours++] = (CK_ATTRIBUTE){CKA_SENSITIVE, &no, sizeof no};
    ours[n_ours++] = (CK_ATTRIBUTE){CKA_EXTRACTABLE, &yes, sizeof yes};
    ours[n_ours++] = (CK_ATTRIBUTE){CKA_DERIVE, exposed ? &yes : &no, sizeof yes};
    return real->C_GenerateKeyPair(session, &ec, theirs, (CK_ULONG)n_theirs, ours,
                                   (CK_ULONG)n_ours, public_key, private_key);
}

CK_RV sm2_C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count,
                         CK_OBJECT_HANDLE *object)
{
    CK_ATTRIBUTE translated[MAX_ATTRIBUTES];
    CK_ATTRIBUTE *class = find_attribute(attributes, count, CKA_CLASS);
    int n = translate(translated, attributes, count, NULL, 0);

    if (n < 0)
        return CKR_ARGUMENTS_BAD;
    if (names_sm2_curve(attributes, count) && class && class->pValue &&
        *(CK_OBJECT_CLASS *)class->pValue == CKO_PRIVATE_KEY)
        return CKR_TEMPLATE_INCONSISTENT;
    return real->C_CreateObject(session, translated, (CK_ULONG)n, object);
}

CK_RV sm2_C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                       CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
    if (kind_of(session, object) == SM2_PRIVATE)
        return CKR_ACTION_PROHIBITED;
    return real->C_CopyObject(session, object, attributes, count, copy);
}

CK_RV sm2_C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    if (kind_of(session, object) == SM2_PRIVATE)
        return CKR_ACTION_PROHIBITED;
    return real->C_SetAttributeValue(session, object, attributes, count);
}

CK_RV sm2_C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping,
                    CK_OBJECT_HANDLE key, CK_BYTE *wrapped, CK_ULONG *length)
{
    if (kind_of(session, key) == SM2_PRIVATE)
        return CKR_KEY_UNEXTRACTABLE;
    return real->C_WrapKey(session, mechanism, wrapping, key, wrapped, length);
}

CK_RV sm2_C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE unwrapping, CK_BYTE *wrapped, CK_ULONG length,
                      CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *key)
{
    CK_ATTRIBUTE *type = find_attribute(attributes, count, CKA_KEY_TYPE);

    if (names_sm2_curve(attributes, count) ||
        (type && type->pValue && *(CK_KEY_TYPE *)type->pValue == settings.key_type))
        return CKR_TEMPLATE_INCONSISTENT;
    return real->C_UnwrapKey(session, mechanism, unwrapping, wrapped, length, attributes, count,
                             key);
}

CK_RV sm2_C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                      CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *key)
{
    if (kind_of(session, base) == SM2_PRIVATE)
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    return real->C_DeriveKey(session, mechanism, base, attributes, count, key);
}
