/* A PKCS#11 module that adds a vendor's SM2 to SoftHSM: a test tool, not a protection.
 *
 * It loads the module that SIGNETD_SM2_MODULE names, forwards everything to it, and replaces the
 * functions that concern SM2 keys. */
#include "sm2_state.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

CK_FUNCTION_LIST *real;
sm2_settings settings;
static CK_FUNCTION_LIST ours;

static CK_RV sm2_C_Initialize(void *arguments)
{
    if (!sm2_settings_read(&settings))
        return CKR_ARGUMENTS_BAD;
    return real->C_Initialize(arguments);
}

static CK_RV sm2_C_Finalize(void *reserved)
{
    forget_everything();
    return real->C_Finalize(reserved);
}

static CK_RV sm2_C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG length,
                             CK_UTF8CHAR *label)
{
    forget_everything();
    return real->C_InitToken(slot, pin, length, label);
}

static CK_RV sm2_C_CloseSession(CK_SESSION_HANDLE session)
{
    forget_operation(session);
    return real->C_CloseSession(session);
}

static CK_RV sm2_C_CloseAllSessions(CK_SLOT_ID slot)
{
    forget_everything();
    return real->C_CloseAllSessions(slot);
}

static CK_RV sm2_C_Logout(CK_SESSION_HANDLE session)
{
    forget_everything();
    return real->C_Logout(session);
}

static CK_RV sm2_C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    forget_everything(); /* handles may be used again for another key */
    return real->C_DestroyObject(session, object);
}

static CK_ULONG vendor_mechanisms(CK_MECHANISM_TYPE *out)
{
    CK_ULONG n = 0;

    out[n++] = settings.key_pair_gen;
    if (settings.sign)
        out[n++] = settings.sign;
    if (settings.sign_sm3)
        out[n++] = settings.sign_sm3;
    return n;
}

static CK_RV sm2_C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    CK_MECHANISM_TYPE added[3];
    CK_ULONG n_added = vendor_mechanisms(added), n_real = 0;

    if (!count)
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = real->C_GetMechanismList(slot, NULL, &n_real);
    if (rv != CKR_OK)
        return rv;
    CK_ULONG room = *count;
    *count = n_real + n_added;
    if (!list)
        return CKR_OK;
    if (room < n_real + n_added)
        return CKR_BUFFER_TOO_SMALL;
    rv = real->C_GetMechanismList(slot, list, &n_real);
    for (CK_ULONG i = 0; rv == CKR_OK && i < n_added; i++)
        list[n_real + i] = added[i];
    return rv;
}

static CK_RV sm2_C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                                    CK_MECHANISM_INFO *info)
{
    CK_MECHANISM_TYPE added[3];
    CK_ULONG n_added = vendor_mechanisms(added);

    for (CK_ULONG i = 0; info && i < n_added; i++)
        if (added[i] == type) {
            CK_FLAGS use = type == settings.key_pair_gen ? CKF_GENERATE_KEY_PAIR : CKF_SIGN;
            *info = (CK_MECHANISM_INFO){256, 256, use | CKF_EC_F_P | CKF_EC_NAMEDCURVE};
            return CKR_OK;
        }
    return real->C_GetMechanismInfo(slot, type, info);
}

static CK_RV load_real(void)
{
    const char *path = getenv("SIGNETD_SM2_MODULE");
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    CK_GET_FUNCTION_LIST get = NULL;

    if (library)
        *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get && get(&real) == CKR_OK)
        return CKR_OK;
    fprintf(stderr, "signetd sm2 module: SIGNETD_SM2_MODULE must name the PKCS#11 module below\n");
    return CKR_GENERAL_ERROR;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (!list)
        return CKR_ARGUMENTS_BAD;
    if (!real && load_real() != CKR_OK)
        return CKR_GENERAL_ERROR;
    ours = *real;
    ours.C_GetFunctionList = C_GetFunctionList;
#define REPLACE(name) ours.name = sm2_##name
    REPLACE(C_Initialize);
    REPLACE(C_Finalize);
    REPLACE(C_InitToken);
    REPLACE(C_CloseSession);
    REPLACE(C_CloseAllSessions);
    REPLACE(C_Logout);
    REPLACE(C_DestroyObject);
    REPLACE(C_GetMechanismList);
    REPLACE(C_GetMechanismInfo);
    REPLACE(C_GetAttributeValue);
    REPLACE(C_SetAttributeValue);
    REPLACE(C_FindObjectsInit);
    REPLACE(C_GenerateKeyPair);
    REPLACE(C_CreateObject);
    REPLACE(C_CopyObject);
    REPLACE(C_WrapKey);
    REPLACE(C_UnwrapKey);
    REPLACE(C_DeriveKey);
    REPLACE(C_SignInit);
    REPLACE(C_Sign);
    REPLACE(C_SignUpdate);
    REPLACE(C_SignFinal);
#undef REPLACE
    *list = &ours;
    return CKR_OK;
}
