/* Object search. SoftHSM matches what it stores; where the application sees something else, such as
 * the vendor's key type, the results are compared here with what the application sees. */
#include "sm2.h"

#include <stdlib.h>
#include <string.h>

#define MAX_VALUE 64 /* every compared attribute is a flag, a number or a few numbers */

struct wanted {
    CK_ATTRIBUTE_TYPE type;
    CK_ULONG length;
    CK_BYTE value[MAX_VALUE];
};

struct search {
    CK_ULONG count;
    struct wanted wanted[];
};

void search_free(void *search)
{
    free(search);
}

static bool is_key_type(const CK_ATTRIBUTE *attribute, CK_KEY_TYPE type)
{
    return attribute->type == CKA_KEY_TYPE && attribute->ulValueLen == sizeof type &&
           memcmp(attribute->pValue, &type, sizeof type) == 0;
}

/* A search for another type of key, RSA say, finds what it should without help. */
static bool must_compare(const CK_ATTRIBUTE *attribute)
{
    if (attribute->type != CKA_KEY_TYPE)
        return attribute_is_replaced(attribute->type);
    return is_key_type(attribute, CKK_EC) || is_key_type(attribute, config.key_type);
}

/* Move what must be compared here from the template into the search. */
static CK_RV split(CK_ATTRIBUTE *attributes, CK_ULONG *count, struct search *search)
{
    static CK_KEY_TYPE ec = CKK_EC;
    CK_ULONG kept = 0;
    for (CK_ULONG i = 0; i < *count; i++) {
        CK_ATTRIBUTE attribute = attributes[i];
        if (attribute.pValue == NULL && attribute.ulValueLen != 0)
            return CKR_ATTRIBUTE_VALUE_INVALID;
        if (!must_compare(&attribute)) {
            attributes[kept++] = attribute;
            continue;
        }
        if (attribute.ulValueLen > MAX_VALUE)
            return CKR_ATTRIBUTE_VALUE_INVALID;
        struct wanted *wanted = &search->wanted[search->count++];
        *wanted = (struct wanted){.type = attribute.type, .length = attribute.ulValueLen};
        if (attribute.ulValueLen != 0)
            memcpy(wanted->value, attribute.pValue, attribute.ulValueLen);
        if (attribute.type == CKA_KEY_TYPE)
            attributes[kept++] = (CK_ATTRIBUTE){CKA_KEY_TYPE, &ec, sizeof ec};
    }
    *count = kept;
    return CKR_OK;
}

CK_RV sm2_C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    if (session_holds(session, STATE_SIGNING))
        return CKR_OPERATION_ACTIVE;
    if (attributes == NULL || count == 0)
        return real->C_FindObjectsInit(session, attributes, count);
    CK_ATTRIBUTE *copy = calloc(count, sizeof *copy);
    struct search *search = calloc(1, sizeof *search + count * sizeof search->wanted[0]);
    CK_RV rv = CKR_HOST_MEMORY;
    if (copy != NULL && search != NULL) {
        memcpy(copy, attributes, count * sizeof *copy);
        rv = split(copy, &count, search);
    }
    if (rv == CKR_OK)
        rv = real->C_FindObjectsInit(session, copy, count);
    if (rv == CKR_OK && search->count > 0 && !session_give(session, STATE_SEARCH, search)) {
        real->C_FindObjectsFinal(session);
        rv = CKR_SESSION_HANDLE_INVALID;
        search = NULL; /* freed by session_give */
    } else if (rv == CKR_OK && search->count > 0) {
        search = NULL; /* owned by the session */
    }
    free(search);
    free(copy);
    return rv;
}

static bool matches(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                    const struct search *search)
{
    for (CK_ULONG i = 0; i < search->count; i++) {
        const struct wanted *wanted = &search->wanted[i];
        CK_BYTE value[MAX_VALUE];
        CK_ATTRIBUTE attribute = {wanted->type, value, sizeof value};
        if (sm2_C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
            attribute.ulValueLen != wanted->length ||
            memcmp(value, wanted->value, wanted->length) != 0)
            return false;
    }
    return true;
}

static CK_RV find_matching(CK_SESSION_HANDLE session, const struct search *search,
                           CK_OBJECT_HANDLE *objects, CK_ULONG maximum, CK_ULONG *count)
{
    CK_ULONG found = 0;
    *count = 0;
    while (*count < maximum) {
        CK_OBJECT_HANDLE *batch = objects + *count;
        CK_RV rv = real->C_FindObjects(session, batch, maximum - *count, &found);
        if (rv != CKR_OK || found == 0)
            return rv;
        for (CK_ULONG i = 0; i < found; i++) {
            CK_OBJECT_HANDLE object = batch[i];
            if (matches(session, object, search))
                objects[(*count)++] = object;
        }
    }
    return CKR_OK;
}

CK_RV sm2_C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG maximum,
                        CK_ULONG *count)
{
    struct search *search = session_take(session, STATE_SEARCH);
    if (search == NULL)
        return real->C_FindObjects(session, objects, maximum, count);
    CK_RV rv = objects == NULL || count == NULL
                   ? CKR_ARGUMENTS_BAD
                   : find_matching(session, search, objects, maximum, count);
    session_give(session, STATE_SEARCH, search);
    return rv;
}

CK_RV sm2_C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
    struct search *search = session_take(session, STATE_SEARCH);
    if (search != NULL)
        search_free(search);
    return real->C_FindObjectsFinal(session);
}
