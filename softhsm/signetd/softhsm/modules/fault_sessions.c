/* A layer over the real module that counts the open sessions and repeats signatures.
 *
 * Where a "null" signature is wanted, the first with each key and mechanism is really made and kept;
 * the later ones are that signature again, at once. It has the right length and form, and it verifies
 * as long as the same data is signed each time. */
#include "fault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIGNATURE 1024 /* RSA of 8192 bits */

struct learned {
    CK_OBJECT_HANDLE key;
    CK_MECHANISM_TYPE mechanism;
    CK_ULONG length; /* 0 until it is learned */
    CK_BYTE signature[MAX_SIGNATURE];
    struct learned *next;
};

struct session {
    CK_SESSION_HANDLE handle;
    CK_SLOT_ID slot;
    bool want_null;
    struct learned *learning;  /* the real operation's signature will be kept here */
    struct learned *repeating; /* there is no real operation */
    struct session *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *sessions;
static struct learned *signatures;
static struct session nobody; /* for a handle that is not open: the real module refuses it */

/* Called with the lock held. */
static struct session *find(CK_SESSION_HANDLE handle)
{
    struct session *session = sessions;
    while (session != NULL && session->handle != handle)
        session = session->next;
    if (session == NULL) {
        nobody = (struct session){0};
        return &nobody;
    }
    return session;
}

/* Called with the lock held; NULL without memory, which only costs the repetition. */
static struct learned *learned_for(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism)
{
    struct learned *learned = signatures;
    while (learned != NULL && (learned->key != key || learned->mechanism != mechanism))
        learned = learned->next;
    if (learned == NULL && (learned = calloc(1, sizeof *learned)) != NULL) {
        learned->key = key;
        learned->mechanism = mechanism;
        learned->next = signatures;
        signatures = learned;
    }
    return learned;
}

unsigned long sessions_open(void)
{
    unsigned long open = 0;
    pthread_mutex_lock(&lock);
    for (const struct session *session = sessions; session != NULL; session = session->next)
        open++;
    pthread_mutex_unlock(&lock);
    return open;
}

void session_want_null(CK_SESSION_HANDLE handle, bool wanted)
{
    pthread_mutex_lock(&lock);
    find(handle)->want_null = wanted;
    pthread_mutex_unlock(&lock);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *handle)
{
    CK_RV rv = real->C_OpenSession(slot, flags, application, notify, handle);
    struct session *session = rv == CKR_OK ? calloc(1, sizeof *session) : NULL;
    if (session == NULL)
        return rv;
    pthread_mutex_lock(&lock);
    *session = (struct session){.handle = *handle, .slot = slot, .next = sessions};
    sessions = session;
    pthread_mutex_unlock(&lock);
    return rv;
}

static void drop_sessions(bool (*chosen)(const struct session *, CK_ULONG), CK_ULONG argument)
{
    pthread_mutex_lock(&lock);
    for (struct session **link = &sessions; *link != NULL;) {
        struct session *session = *link;
        if (chosen(session, argument)) {
            *link = session->next;
            free(session);
        } else {
            link = &session->next;
        }
    }
    pthread_mutex_unlock(&lock);
}

static bool has_handle(const struct session *session, CK_ULONG handle)
{
    return session->handle == handle;
}

static bool is_on_slot(const struct session *session, CK_ULONG slot)
{
    return session->slot == slot;
}

static bool is_any(const struct session *session, CK_ULONG argument)
{
    (void)session;
    (void)argument;
    return true;
}

static CK_RV close_session(CK_SESSION_HANDLE handle)
{
    CK_RV rv = real->C_CloseSession(handle);
    if (rv == CKR_OK)
        drop_sessions(has_handle, handle);
    return rv;
}

static CK_RV close_all_sessions(CK_SLOT_ID slot)
{
    CK_RV rv = real->C_CloseAllSessions(slot);
    if (rv == CKR_OK)
        drop_sessions(is_on_slot, slot);
    return rv;
}

static CK_RV finalize(void *reserved)
{
    CK_RV rv = real->C_Finalize(reserved);
    if (rv != CKR_OK)
        return rv;
    drop_sessions(is_any, 0);
    pthread_mutex_lock(&lock);
    while (signatures != NULL) { /* handles mean something else after the next C_Initialize */
        struct learned *learned = signatures;
        signatures = learned->next;
        free(learned);
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

static CK_RV sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    pthread_mutex_lock(&lock);
    struct session *session = find(handle);
    bool active = session->repeating != NULL;
    struct learned *learned = NULL;
    if (session->want_null && mechanism != NULL && !active)
        learned = learned_for(key, mechanism->mechanism);
    bool repeat = learned != NULL && learned->length > 0;
    if (repeat)
        session->repeating = learned;
    else if (!active)
        session->learning = learned;
    pthread_mutex_unlock(&lock);
    if (active)
        return CKR_OPERATION_ACTIVE;
    return repeat ? CKR_OK : real->C_SignInit(handle, mechanism, key);
}

/* Answer from the kept signature; false when there is a real operation to be asked. */
static bool repeat(CK_SESSION_HANDLE handle, CK_BYTE *output, CK_ULONG *length, CK_RV *rv)
{
    pthread_mutex_lock(&lock);
    struct session *session = find(handle);
    const struct learned *learned = session->repeating;
    if (learned != NULL && length == NULL) {
        *rv = CKR_ARGUMENTS_BAD;
        session->repeating = NULL;
    } else if (learned != NULL) {
        bool room = output != NULL && *length >= learned->length;
        *rv = room || output == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
        *length = learned->length;
        if (room) {
            memcpy(output, learned->signature, learned->length);
            session->repeating = NULL;
        }
    }
    pthread_mutex_unlock(&lock);
    return learned != NULL;
}

static void learn(CK_SESSION_HANDLE handle, const CK_BYTE *output, const CK_ULONG *length)
{
    pthread_mutex_lock(&lock);
    struct session *session = find(handle);
    if (session->learning != NULL && *length <= MAX_SIGNATURE) {
        memcpy(session->learning->signature, output, *length);
        session->learning->length = *length;
    }
    session->learning = NULL;
    pthread_mutex_unlock(&lock);
}

static CK_RV sign(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG data_length, CK_BYTE *output,
                  CK_ULONG *length)
{
    CK_RV rv = CKR_OK;
    if (repeat(handle, output, length, &rv))
        return rv;
    rv = real->C_Sign(handle, data, data_length, output, length);
    if (rv == CKR_OK && output != NULL)
        learn(handle, output, length);
    return rv;
}

static CK_RV sign_update(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length)
{
    pthread_mutex_lock(&lock);
    bool repeating = find(handle)->repeating != NULL;
    pthread_mutex_unlock(&lock);
    return repeating ? CKR_OK : real->C_SignUpdate(handle, data, length);
}

static CK_RV sign_final(CK_SESSION_HANDLE handle, CK_BYTE *output, CK_ULONG *length)
{
    CK_RV rv = CKR_OK;
    if (repeat(handle, output, length, &rv))
        return rv;
    rv = real->C_SignFinal(handle, output, length);
    if (rv == CKR_OK && output != NULL)
        learn(handle, output, length);
    return rv;
}

/* The real module's functions with those of this file in their places. */
CK_FUNCTION_LIST sessions_layer(void)
{
    CK_FUNCTION_LIST layer = *real;
    layer.C_OpenSession = open_session;
    layer.C_CloseSession = close_session;
    layer.C_CloseAllSessions = close_all_sessions;
    layer.C_Finalize = finalize;
    layer.C_SignInit = sign_init;
    layer.C_Sign = sign;
    layer.C_SignUpdate = sign_update;
    layer.C_SignFinal = sign_final;
    return layer;
}
