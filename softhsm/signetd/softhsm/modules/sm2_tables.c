/* What the module remembers: open sessions with their operations, and objects with their keys. */
#include "sm2.h"

#include <pthread.h>
#include <stdlib.h>

struct session {
    CK_SESSION_HANDLE handle;
    CK_SLOT_ID slot;
    void *states[STATE_COUNT];
    struct session *next;
};

struct object {
    CK_OBJECT_HANDLE handle;
    CK_SLOT_ID slot;
    struct object_info info;
    EVP_PKEY *key; /* NULL until the first signature */
    struct object *next;
};

#define BUCKETS 256 /* tokens with some hundred keys are common */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *sessions;
static struct object *objects[BUCKETS];

static void (*const FREE_STATE[STATE_COUNT])(void *) = {
    [STATE_SIGNING] = signing_free,
    [STATE_SEARCH] = search_free,
};

/* The functions down to the next heading are called with the lock held. */

static struct session *find_session(CK_SESSION_HANDLE handle)
{
    struct session *session = sessions;
    while (session != NULL && session->handle != handle)
        session = session->next;
    return session;
}

static struct object *find_object(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle)
{
    struct session *session = find_session(session_handle);
    if (session == NULL)
        return NULL;
    struct object *object = objects[handle % BUCKETS];
    while (object != NULL && (object->handle != handle || object->slot != session->slot))
        object = object->next;
    return object;
}

static void free_state(struct session *session, enum session_state which)
{
    if (session->states[which] != NULL)
        FREE_STATE[which](session->states[which]);
    session->states[which] = NULL;
}

typedef bool (*object_test)(const struct object *object, const void *argument);

static void forget_objects(object_test test, const void *argument)
{
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        struct object **link = &objects[bucket];
        while (*link != NULL) {
            struct object *object = *link;
            if (!test(object, argument)) {
                link = &object->next;
                continue;
            }
            *link = object->next;
            EVP_PKEY_free(object->key); /* wipes the private part */
            free(object);
        }
    }
}

static bool is_any(const struct object *object, const void *argument)
{
    (void)object;
    (void)argument;
    return true;
}

static bool is_on_slot(const struct object *object, const void *slot)
{
    return object->slot == *(const CK_SLOT_ID *)slot;
}

static bool is_session_object_on_slot(const struct object *object, const void *slot)
{
    return object->info.session_object && is_on_slot(object, slot);
}

static bool is_same(const struct object *object, const void *other)
{
    return object == other;
}

static bool slot_has_session(CK_SLOT_ID slot)
{
    for (const struct session *session = sessions; session != NULL; session = session->next) {
        if (session->slot == slot)
            return true;
    }
    return false;
}

static void remove_session(struct session **link)
{
    struct session *session = *link;
    *link = session->next;
    free_state(session, STATE_SIGNING);
    free_state(session, STATE_SEARCH);
    free(session);
}

/* Sessions. */

bool session_opened(CK_SESSION_HANDLE handle, CK_SLOT_ID slot)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return false;
    pthread_mutex_lock(&lock);
    *session = (struct session){.handle = handle, .slot = slot, .next = sessions};
    sessions = session;
    pthread_mutex_unlock(&lock);
    return true;
}

void session_closed(CK_SESSION_HANDLE handle)
{
    pthread_mutex_lock(&lock);
    struct session **link = &sessions;
    while (*link != NULL && (*link)->handle != handle)
        link = &(*link)->next;
    if (*link != NULL) {
        CK_SLOT_ID slot = (*link)->slot;
        remove_session(link);
        /* Closing a token's last session logs out. */
        forget_objects(slot_has_session(slot) ? is_session_object_on_slot : is_on_slot, &slot);
    }
    pthread_mutex_unlock(&lock);
}

void slot_closed(CK_SLOT_ID slot)
{
    pthread_mutex_lock(&lock);
    struct session **link = &sessions;
    while (*link != NULL) {
        if ((*link)->slot == slot)
            remove_session(link);
        else
            link = &(*link)->next;
    }
    forget_objects(is_on_slot, &slot);
    pthread_mutex_unlock(&lock);
}

/* After C_Logout nothing may go on signing: signatures end and keys are dropped. */
void slot_logged_out(CK_SESSION_HANDLE handle)
{
    pthread_mutex_lock(&lock);
    struct session *closing = find_session(handle);
    if (closing != NULL) {
        for (struct session *session = sessions; session != NULL; session = session->next) {
            if (session->slot == closing->slot)
                free_state(session, STATE_SIGNING);
        }
        forget_objects(is_on_slot, &closing->slot);
    }
    pthread_mutex_unlock(&lock);
}

void tables_clear(void)
{
    pthread_mutex_lock(&lock);
    while (sessions != NULL)
        remove_session(&sessions);
    forget_objects(is_any, NULL);
    pthread_mutex_unlock(&lock);
}

bool session_known(CK_SESSION_HANDLE handle)
{
    pthread_mutex_lock(&lock);
    bool known = find_session(handle) != NULL;
    pthread_mutex_unlock(&lock);
    return known;
}

bool session_holds(CK_SESSION_HANDLE handle, enum session_state which)
{
    pthread_mutex_lock(&lock);
    const struct session *session = find_session(handle);
    bool holds = session != NULL && session->states[which] != NULL;
    pthread_mutex_unlock(&lock);
    return holds;
}

/* Take a state out of the table, so that no other thread can free it while it is used. */
void *session_take(CK_SESSION_HANDLE handle, enum session_state which)
{
    pthread_mutex_lock(&lock);
    struct session *session = find_session(handle);
    void *state = NULL;
    if (session != NULL) {
        state = session->states[which];
        session->states[which] = NULL;
    }
    pthread_mutex_unlock(&lock);
    return state;
}

/* Put a state into the table, which then owns it; false, and it is freed, if the session is gone. */
bool session_give(CK_SESSION_HANDLE handle, enum session_state which, void *state)
{
    pthread_mutex_lock(&lock);
    struct session *session = find_session(handle);
    bool given = session != NULL && session->states[which] == NULL;
    if (given)
        session->states[which] = state;
    pthread_mutex_unlock(&lock);
    if (!given)
        FREE_STATE[which](state);
    return given;
}

/* Objects. */

bool object_recall(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, struct object_info *info)
{
    pthread_mutex_lock(&lock);
    const struct object *object = find_object(session, handle);
    if (object != NULL)
        *info = object->info;
    pthread_mutex_unlock(&lock);
    return object != NULL;
}

/* Without memory nothing is remembered, which costs time and nothing else. */
void object_remember(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle,
                     const struct object_info *info)
{
    struct object *object = calloc(1, sizeof *object);
    pthread_mutex_lock(&lock);
    const struct session *session = find_session(session_handle);
    if (object != NULL && session != NULL && find_object(session_handle, handle) == NULL) {
        struct object **bucket = &objects[handle % BUCKETS];
        *object = (struct object){handle, session->slot, *info, NULL, *bucket};
        *bucket = object;
        object = NULL;
    }
    pthread_mutex_unlock(&lock);
    free(object);
}

void object_forget(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
    pthread_mutex_lock(&lock);
    const struct object *object = find_object(session, handle);
    if (object != NULL)
        forget_objects(is_same, object);
    pthread_mutex_unlock(&lock);
}

/* The remembered key with a reference of the caller's own, or NULL. */
EVP_PKEY *object_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
    EVP_PKEY *key = NULL;
    pthread_mutex_lock(&lock);
    const struct object *object = find_object(session, handle);
    if (object != NULL && object->key != NULL && EVP_PKEY_up_ref(object->key) == 1)
        key = object->key;
    pthread_mutex_unlock(&lock);
    return key;
}

void object_set_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, EVP_PKEY *key)
{
    pthread_mutex_lock(&lock);
    struct object *object = find_object(session, handle);
    if (object != NULL && object->key == NULL && EVP_PKEY_up_ref(key) == 1)
        object->key = key;
    pthread_mutex_unlock(&lock);
}
