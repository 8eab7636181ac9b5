/* Makes the token look like another one, or like one in another slot. */
#include "fault.h"

#include <string.h>

static void show_serial(CK_TOKEN_INFO *info, const char *serial)
{
    memset(info->serialNumber, ' ', sizeof info->serialNumber);
    memcpy(info->serialNumber, serial, strlen(serial));
}

CK_RV token_info(const struct outcome *outcome, CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = real->C_GetTokenInfo(slot, info);
    if (rv != CKR_OK)
        return rv;
    info->flags |= outcome->flags;
    if (*outcome->serial != '\0')
        show_serial(info, outcome->serial);
    return rv;
}

CK_RV token_slots(const struct outcome *outcome, CK_BBOOL present, CK_SLOT_ID *slots,
                  CK_ULONG *count)
{
    CK_RV rv = real->C_GetSlotList(present, slots, count);
    if (rv != CKR_OK || slots == NULL) /* it failed, or only the number was asked for */
        return rv;
    for (CK_ULONG i = 0; i < *count; i++)
        slots[i] += outcome->shift;
    return rv;
}

CK_RV token_session(const struct outcome *outcome, CK_SESSION_HANDLE session,
                    CK_SESSION_INFO *info)
{
    CK_RV rv = real->C_GetSessionInfo(session, info);
    if (rv == CKR_OK)
        info->slotID += outcome->shift;
    return rv;
}
