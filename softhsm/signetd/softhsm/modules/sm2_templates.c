/* Makes SM2 keys: turns the application's templates into those that SoftHSM is given. */
#include "sm2.h"

#include <stdlib.h>
#include <string.h>

static const CK_ATTRIBUTE *find(const CK_ATTRIBUTE *attributes, CK_ULONG count,
                                CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; attributes != NULL && i < count; i++) {
        if (attributes[i].type == type)
            return &attributes[i];
    }
    return NULL;
}

static bool holds(const CK_ATTRIBUTE *attribute, const void *value, CK_ULONG length)
{
    return attribute != NULL && attribute->pValue != NULL && attribute->ulValueLen == length &&
           memcmp(attribute->pValue, value, length) == 0;
}

static bool is_sm2_curve(const CK_ATTRIBUTE *attribute)
{
    return holds(attribute, SM2_CURVE, sizeof SM2_CURVE);
}

static bool is_key_type(const CK_ATTRIBUTE *attribute, CK_KEY_TYPE type)
{
    return holds(attribute, &type, sizeof type);
}

static bool flag_or(const CK_ATTRIBUTE *attribute, bool fallback)
{
    const CK_BBOOL no = CK_FALSE;
    return attribute == NULL ? fallback : !holds(attribute, &no, sizeof no);
}

/* Copy the template, the values not with it, leaving out the given types and with room for more. */
static CK_ATTRIBUTE *copy_without(const CK_ATTRIBUTE *attributes, CK_ULONG *count,
                                  const CK_ATTRIBUTE_TYPE *left_out, size_t left_out_count,
                                  size_t room)
{
    CK_ATTRIBUTE *copy = calloc(*count + room, sizeof *copy);
    CK_ULONG kept = 0;
    for (CK_ULONG i = 0; copy != NULL && i < *count; i++) {
        bool keep = true;
        for (size_t j = 0; j < left_out_count; j++)
            keep = keep && attributes[i].type != left_out[j];
        if (keep)
            copy[kept++] = attributes[i];
    }
    *count = kept;
    return copy;
}

/* The checks that a real SM2 token would make before it generates. */
static CK_RV check_pair(const CK_ATTRIBUTE *public, CK_ULONG public_count,
                        const CK_ATTRIBUTE *private, CK_ULONG private_count)
{
    const CK_ATTRIBUTE *curve = find(public, public_count, CKA_EC_PARAMS);
    const CK_ATTRIBUTE *types[] = {find(public, public_count, CKA_KEY_TYPE),
                                   find(private, private_count, CKA_KEY_TYPE)};
    if (curve == NULL)
        return CKR_TEMPLATE_INCOMPLETE;
    if (!is_sm2_curve(curve))
        return CKR_DOMAIN_PARAMS_INVALID;
    for (size_t i = 0; i < 2; i++) {
        if (types[i] != NULL && !is_key_type(types[i], config.key_type))
            return CKR_TEMPLATE_INCONSISTENT;
    }
    if (flag_or(find(private, private_count, CKA_ALWAYS_AUTHENTICATE), false))
        return CKR_TEMPLATE_INCONSISTENT; /* signing here could not enforce it */
    if (find(private, private_count, CKA_ALLOWED_MECHANISMS) != NULL)
        return CKR_ATTRIBUTE_TYPE_INVALID; /* its place is taken by the mark */
    return CKR_OK;
}

/* The private template as SoftHSM gets it: readable by this module, and marked. */
static CK_ATTRIBUTE *storable_private(const CK_ATTRIBUTE *attributes, CK_ULONG *count,
                                      CK_MECHANISM_TYPE *mark)
{
    static const CK_ATTRIBUTE_TYPE replaced[] = {CKA_KEY_TYPE, CKA_SENSITIVE, CKA_EXTRACTABLE};
    static CK_BBOOL yes = CK_TRUE;
    static CK_BBOOL no = CK_FALSE;
    *mark = mark_make(flag_or(find(attributes, *count, CKA_SENSITIVE), true),
                      flag_or(find(attributes, *count, CKA_EXTRACTABLE), false));
    CK_ATTRIBUTE *copy = copy_without(attributes, count, replaced, 3, 3);
    if (copy != NULL) {
        copy[(*count)++] = (CK_ATTRIBUTE){CKA_SENSITIVE, &no, sizeof no};
        copy[(*count)++] = (CK_ATTRIBUTE){CKA_EXTRACTABLE, &yes, sizeof yes};
        copy[(*count)++] = (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, mark, sizeof *mark};
    }
    return copy;
}

static CK_RV generate(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *public, CK_ULONG public_count,
                      const CK_ATTRIBUTE *private, CK_ULONG private_count,
                      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    static const CK_ATTRIBUTE_TYPE key_type[] = {CKA_KEY_TYPE};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_MECHANISM_TYPE mark = 0;
    CK_ATTRIBUTE *public_copy = copy_without(public, &public_count, key_type, 1, 1);
    CK_ATTRIBUTE *private_copy = storable_private(private, &private_count, &mark);
    CK_RV rv = CKR_HOST_MEMORY;
    if (public_copy != NULL && private_copy != NULL)
        rv = real->C_GenerateKeyPair(session, &mechanism, public_copy, public_count, private_copy,
                                     private_count, public_key, private_key);
    free(public_copy);
    free(private_copy);
    return rv;
}

CK_RV sm2_C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                            CK_ATTRIBUTE *public, CK_ULONG public_count, CK_ATTRIBUTE *private,
                            CK_ULONG private_count, CK_OBJECT_HANDLE *public_key,
                            CK_OBJECT_HANDLE *private_key)
{
    bool templates_given = (public != NULL || public_count == 0) &&
                           (private != NULL || private_count == 0);
    if (mechanism == NULL || !templates_given || public_key == NULL || private_key == NULL)
        return CKR_ARGUMENTS_BAD;
    bool sm2_curve = is_sm2_curve(find(public, public_count, CKA_EC_PARAMS));
    bool other_curve = mechanism->mechanism == CKM_EC_KEY_PAIR_GEN && !sm2_curve;
    if (mechanism->mechanism != config.generate || other_curve) {
        /* An EC key on this curve would be taken for an SM2 key afterwards. */
        if (sm2_curve)
            return CKR_DOMAIN_PARAMS_INVALID;
        return real->C_GenerateKeyPair(session, mechanism, public, public_count, private,
                                       private_count, public_key, private_key);
    }
    if (mechanism->pParameter != NULL || mechanism->ulParameterLen != 0)
        return CKR_MECHANISM_PARAM_INVALID;
    CK_RV rv = check_pair(public, public_count, private, private_count);
    if (rv != CKR_OK)
        return rv;
    return generate(session, public, public_count, private, private_count, public_key,
                    private_key);
}

static bool describes_sm2_key(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    const CK_ATTRIBUTE *type = find(attributes, count, CKA_KEY_TYPE);
    return (config.key_type != CKK_EC && is_key_type(type, config.key_type)) ||
           (is_key_type(type, CKK_EC) && is_sm2_curve(find(attributes, count, CKA_EC_PARAMS)));
}

/* A private key from outside would not be one that was made in the token: only public ones come in. */
CK_RV sm2_C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count,
                         CK_OBJECT_HANDLE *object)
{
    static const CK_ATTRIBUTE_TYPE key_type[] = {CKA_KEY_TYPE};
    static CK_KEY_TYPE ec = CKK_EC;
    const CK_OBJECT_CLASS public_key = CKO_PUBLIC_KEY;
    if (!describes_sm2_key(attributes, count))
        return real->C_CreateObject(session, attributes, count, object);
    if (!holds(find(attributes, count, CKA_CLASS), &public_key, sizeof public_key))
        return CKR_TEMPLATE_INCONSISTENT;
    if (!is_sm2_curve(find(attributes, count, CKA_EC_PARAMS)))
        return CKR_DOMAIN_PARAMS_INVALID;
    CK_ATTRIBUTE *copy = copy_without(attributes, &count, key_type, 1, 1);
    if (copy == NULL)
        return CKR_HOST_MEMORY;
    copy[count++] = (CK_ATTRIBUTE){CKA_KEY_TYPE, &ec, sizeof ec};
    CK_RV rv = real->C_CreateObject(session, copy, count, object);
    free(copy);
    return rv;
}

CK_RV sm2_C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE unwrapping_key, CK_BYTE *data, CK_ULONG length,
                      CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *key)
{
    struct object_info info;
    if (describes_sm2_key(attributes, count))
        return CKR_TEMPLATE_INCONSISTENT;
    if (object_look_up(session, unwrapping_key, &info) == CKR_OK && info.kind != OBJECT_OTHER)
        return CKR_KEY_TYPE_INCONSISTENT;
    return real->C_UnwrapKey(session, mechanism, unwrapping_key, data, length, attributes, count,
                             key);
}
