/* Makes library and token call themselves what the environment says: another vendor's names. */
#include "sm2.h"

#include <stdlib.h>
#include <string.h>

static void show(const char *variable, CK_UTF8CHAR *field, size_t size)
{
    const char *text = getenv(variable);
    if (text == NULL)
        return;
    size_t length = strlen(text);
    memset(field, ' ', size); /* PKCS#11 pads with blanks */
    memcpy(field, text, length < size ? length : size);
}

CK_RV sm2_C_GetInfo(CK_INFO *info)
{
    CK_RV rv = real->C_GetInfo(info);
    if (rv == CKR_OK) {
        show("SIGNETD_SM2_MANUFACTURER", info->manufacturerID, sizeof info->manufacturerID);
        show("SIGNETD_SM2_LIBRARY", info->libraryDescription, sizeof info->libraryDescription);
    }
    return rv;
}

CK_RV sm2_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = real->C_GetTokenInfo(slot, info);
    if (rv == CKR_OK) {
        show("SIGNETD_SM2_MANUFACTURER", info->manufacturerID, sizeof info->manufacturerID);
        show("SIGNETD_SM2_MODEL", info->model, sizeof info->model);
    }
    return rv;
}
