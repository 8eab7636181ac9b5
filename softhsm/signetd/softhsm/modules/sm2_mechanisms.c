/* Adds the SM2 mechanisms to the token's list. */
#include "sm2.h"

#include <stdlib.h>
#include <string.h>

#define SM2_BITS 256
#define MAX_ADDED 3

static void add(CK_MECHANISM_TYPE *list, CK_ULONG *count, CK_MECHANISM_TYPE type)
{
    if (type == 0)
        return;
    for (CK_ULONG i = 0; i < *count; i++) {
        if (list[i] == type)
            return;
    }
    list[(*count)++] = type;
}

/* The real list with ours; the caller frees it. */
static CK_RV whole_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE **list, CK_ULONG *count)
{
    CK_RV rv = real->C_GetMechanismList(slot, NULL, count);
    if (rv != CKR_OK)
        return rv;
    *list = calloc(*count + MAX_ADDED, sizeof **list);
    if (*list == NULL)
        return CKR_HOST_MEMORY;
    rv = real->C_GetMechanismList(slot, *list, count);
    if (rv != CKR_OK)
        return rv;
    add(*list, count, config.generate);
    add(*list, count, config.sign);
    add(*list, count, config.sign_sm3);
    return CKR_OK;
}

CK_RV sm2_C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *mechanisms, CK_ULONG *count)
{
    CK_MECHANISM_TYPE *list = NULL;
    CK_ULONG length = 0;
    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = whole_list(slot, &list, &length);
    if (rv == CKR_OK && mechanisms != NULL) {
        if (*count < length)
            rv = CKR_BUFFER_TOO_SMALL;
        else
            memcpy(mechanisms, list, length * sizeof *list);
    }
    if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
        *count = length;
    free(list);
    return rv;
}

CK_RV sm2_C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    bool generates = type == config.generate && type != CKM_EC_KEY_PAIR_GEN;
    CK_SLOT_INFO slot_info;
    if (!generates && !config_is_sign_mechanism(type))
        return real->C_GetMechanismInfo(slot, type, info);
    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = real->C_GetSlotInfo(slot, &slot_info);
    if (rv != CKR_OK)
        return rv;
    CK_FLAGS purpose = generates ? CKF_GENERATE_KEY_PAIR : CKF_SIGN;
    *info = (CK_MECHANISM_INFO){SM2_BITS, SM2_BITS,
                                purpose | CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS};
    return CKR_OK;
}
