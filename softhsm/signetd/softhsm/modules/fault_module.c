/* A PKCS#11 module for tests: any other module, with faults on command (see README.md). */
#include "fault.h"

#include <pthread.h>

#include "loader.h"

CK_FUNCTION_LIST *real;

static CK_FUNCTION_LIST below; /* the real module with the layer of fault_sessions.c */
static CK_FUNCTION_LIST functions;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

/* What the number of a slot is to the real module, in the functions that have one. */
#define TRANSLATE_GENERAL
#define TRANSLATE_SESSION
#define TRANSLATE_SLOT slot -= outcome.shift;

/* A function of which nothing but the common faults is wanted. */
#define WRAP(scope, name, parameters, arguments)                                                  \
    static CK_RV wrap_##name parameters                                                           \
    {                                                                                             \
        struct outcome outcome = fault_begin(FN_##name, SCOPE_##scope);                           \
        if (outcome.answered)                                                                     \
            return outcome.rv;                                                                    \
        TRANSLATE_##scope                                                                         \
        CK_RV rv = below.name arguments;                                                          \
        return outcome.replaced ? outcome.rv : rv;                                                \
    }
CRYPTOKI_FUNCTIONS(WRAP)

static CK_RV fault_C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    struct outcome outcome = fault_begin(FN_C_GetSlotList, SCOPE_GENERAL);
    if (outcome.answered)
        return outcome.rv;
    if (outcome.hidden && count != NULL) {
        *count = 0;
        return CKR_OK;
    }
    CK_RV rv = token_slots(&outcome, present, slots, count);
    return outcome.replaced ? outcome.rv : rv;
}

static CK_RV fault_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    struct outcome outcome = fault_begin(FN_C_GetTokenInfo, SCOPE_SLOT);
    if (outcome.answered)
        return outcome.rv;
    CK_RV rv = token_info(&outcome, slot - outcome.shift, info);
    return outcome.replaced ? outcome.rv : rv;
}

static CK_RV fault_C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
    struct outcome outcome = fault_begin(FN_C_GetSessionInfo, SCOPE_SESSION);
    if (outcome.answered)
        return outcome.rv;
    CK_RV rv = token_session(&outcome, session, info);
    return outcome.replaced ? outcome.rv : rv;
}

/* The token's own answer is logged, whatever the caller is told: so tries with a wrong PIN count. */
static CK_RV fault_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin,
                           CK_ULONG length)
{
    struct outcome outcome = fault_begin(FN_C_Login, SCOPE_SESSION);
    if (outcome.answered)
        return outcome.rv;
    CK_RV rv = below.C_Login(session, user, pin, length);
    if (rv != CKR_OK)
        log_answer(FN_C_Login, rv);
    return outcome.replaced ? outcome.rv : rv;
}

static CK_RV fault_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
                                 CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    struct outcome outcome = fault_begin(FN_C_OpenSession, SCOPE_SLOT);
    if (outcome.answered)
        return outcome.rv;
    if (outcome.limited && sessions_open() >= outcome.limit)
        return CKR_SESSION_COUNT;
    CK_RV rv = below.C_OpenSession(slot - outcome.shift, flags, application, notify, session);
    return outcome.replaced ? outcome.rv : rv;
}

static CK_RV fault_C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                              CK_OBJECT_HANDLE key)
{
    struct outcome outcome = fault_begin(FN_C_SignInit, SCOPE_SESSION);
    if (outcome.answered)
        return outcome.rv;
    session_want_null(session, outcome.null);
    CK_RV rv = below.C_SignInit(session, mechanism, key);
    return outcome.replaced ? outcome.rv : rv;
}

/* The last bit lies in a number in every signature format, so the form stays right. */
static CK_RV end_signature(const struct outcome *outcome, CK_RV rv, CK_BYTE *output,
                           const CK_ULONG *length)
{
    if (rv == CKR_OK && outcome->flip && *length > 0)
        output[*length - 1] ^= 1;
    return outcome->replaced ? outcome->rv : rv;
}

/* A call that only asks for the length passes and is not counted: rules count signatures. */
static CK_RV fault_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_length,
                          CK_BYTE *output, CK_ULONG *length)
{
    if (output == NULL)
        return below.C_Sign(session, data, data_length, output, length);
    struct outcome outcome = fault_begin(FN_C_Sign, SCOPE_SESSION);
    if (outcome.answered)
        return outcome.rv;
    CK_RV rv = below.C_Sign(session, data, data_length, output, length);
    return end_signature(&outcome, rv, output, length);
}

static CK_RV fault_C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *length)
{
    if (output == NULL)
        return below.C_SignFinal(session, output, length);
    struct outcome outcome = fault_begin(FN_C_SignFinal, SCOPE_SESSION);
    if (outcome.answered)
        return outcome.rv;
    CK_RV rv = below.C_SignFinal(session, output, length);
    return end_signature(&outcome, rv, output, length);
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static void fill_table(void)
{
#define TAKE_WRAPPER(scope, name, parameters, arguments) functions.name = wrap_##name;
    CRYPTOKI_FUNCTIONS(TAKE_WRAPPER)
    functions.C_GetFunctionList = C_GetFunctionList;
    functions.C_GetSlotList = fault_C_GetSlotList;
    functions.C_GetTokenInfo = fault_C_GetTokenInfo;
    functions.C_OpenSession = fault_C_OpenSession;
    functions.C_GetSessionInfo = fault_C_GetSessionInfo;
    functions.C_Login = fault_C_Login;
    functions.C_SignInit = fault_C_SignInit;
    functions.C_Sign = fault_C_Sign;
    functions.C_SignFinal = fault_C_SignFinal;
}

static void prepare(void)
{
    real = load_module("SIGNETD_FAULT_MODULE");
    if (real == NULL)
        return;
    rules_prepare();
    log_prepare();
    below = sessions_layer();
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
