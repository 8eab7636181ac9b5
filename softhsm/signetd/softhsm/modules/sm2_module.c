/* A PKCS#11 module for tests: SoftHSM, with the SM2 mechanisms of a vendor's token added.
 * Every call goes to SoftHSM unless one of the sm2_… functions below takes its place. */
#include "sm2.h"

#include <pthread.h>

#include "loader.h"

CK_FUNCTION_LIST *real;

static CK_FUNCTION_LIST functions;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

#define FORWARD(scope, name, parameters, arguments)                                               \
    static CK_RV forward_##name parameters                                                        \
    {                                                                                             \
        return real->name arguments;                                                              \
    }
CRYPTOKI_FUNCTIONS(FORWARD)

CK_RV sm2_C_Initialize(void *arguments)
{
    CK_RV rv = config_read();
    return rv == CKR_OK ? real->C_Initialize(arguments) : rv;
}

CK_RV sm2_C_Finalize(void *reserved)
{
    CK_RV rv = real->C_Finalize(reserved);
    if (rv == CKR_OK)
        tables_clear();
    return rv;
}

CK_RV sm2_C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG pin_length, CK_UTF8CHAR *label)
{
    CK_RV rv = real->C_InitToken(slot, pin, pin_length, label);
    if (rv == CKR_OK)
        slot_closed(slot);
    return rv;
}

CK_RV sm2_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                        CK_SESSION_HANDLE *session)
{
    CK_RV rv = real->C_OpenSession(slot, flags, application, notify, session);
    if (rv == CKR_OK && !session_opened(*session, slot)) {
        real->C_CloseSession(*session);
        return CKR_HOST_MEMORY;
    }
    return rv;
}

CK_RV sm2_C_CloseSession(CK_SESSION_HANDLE session)
{
    CK_RV rv = real->C_CloseSession(session);
    if (rv == CKR_OK)
        session_closed(session);
    return rv;
}

CK_RV sm2_C_CloseAllSessions(CK_SLOT_ID slot)
{
    CK_RV rv = real->C_CloseAllSessions(slot);
    if (rv == CKR_OK)
        slot_closed(slot);
    return rv;
}

CK_RV sm2_C_Logout(CK_SESSION_HANDLE session)
{
    CK_RV rv = real->C_Logout(session);
    if (rv == CKR_OK)
        slot_logged_out(session);
    return rv;
}

CK_RV sm2_C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_RV rv = real->C_DestroyObject(session, object);
    if (rv == CKR_OK)
        object_forget(session, object);
    return rv;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static void fill_table(void)
{
#define TAKE_FORWARD(scope, name, parameters, arguments) functions.name = forward_##name;
    CRYPTOKI_FUNCTIONS(TAKE_FORWARD)
#define REPLACE(name) functions.name = sm2_##name
    functions.C_GetFunctionList = C_GetFunctionList;
    REPLACE(C_Initialize);
    REPLACE(C_Finalize);
    REPLACE(C_GetInfo);
    REPLACE(C_GetTokenInfo);
    REPLACE(C_InitToken);
    REPLACE(C_OpenSession);
    REPLACE(C_CloseSession);
    REPLACE(C_CloseAllSessions);
    REPLACE(C_Logout);
    REPLACE(C_GetMechanismList);
    REPLACE(C_GetMechanismInfo);
    REPLACE(C_CreateObject);
    REPLACE(C_CopyObject);
    REPLACE(C_DestroyObject);
    REPLACE(C_GetAttributeValue);
    REPLACE(C_SetAttributeValue);
    REPLACE(C_FindObjectsInit);
    REPLACE(C_FindObjects);
    REPLACE(C_FindObjectsFinal);
    REPLACE(C_EncryptInit);
    REPLACE(C_DecryptInit);
    REPLACE(C_DigestInit);
    REPLACE(C_SignInit);
    REPLACE(C_Sign);
    REPLACE(C_SignUpdate);
    REPLACE(C_SignFinal);
    REPLACE(C_SignRecoverInit);
    REPLACE(C_VerifyInit);
    REPLACE(C_VerifyRecoverInit);
    REPLACE(C_GenerateKeyPair);
    REPLACE(C_WrapKey);
    REPLACE(C_UnwrapKey);
    REPLACE(C_DeriveKey);
}

static void prepare(void)
{
    real = load_module("SIGNETD_SM2_MODULE");
    if (real == NULL)
        return;
    functions.version = real->version;
    fill_table();
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (list == NULL)
        return CKR_ARGUMENTS_BAD;
    pthread_once(&prepared, prepare);
    if (real == NULL)
        return CKR_GENERAL_ERROR;
    *list = &functions;
    return CKR_OK;
}
