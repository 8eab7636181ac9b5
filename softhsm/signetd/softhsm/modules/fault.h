/* What the parts of the fault module share. */
#ifndef SIGNETD_FAULT_H
#define SIGNETD_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "cryptoki.h"

/* The module that does the work; set before any other function can be called. */
extern CK_FUNCTION_LIST *real;

enum function {
#define FAULT_NUMBER(scope, name, parameters, arguments) FN_##name,
    CRYPTOKI_FUNCTIONS(FAULT_NUMBER)
#undef FAULT_NUMBER
    FN_COUNT,
    FN_ANY = FN_COUNT
};

/* What the first argument of a function names. */
enum scope { SCOPE_GENERAL, SCOPE_SLOT, SCOPE_SESSION };

enum action {
    ACT_ERROR,
    ACT_ERROR_AFTER,
    ACT_DELAY,
    ACT_HANG,
    ACT_CRASH,
    ACT_SEGV,
    ACT_EXIT,
    ACT_FLIP,
    ACT_NULL,
    ACT_HIDE,
    ACT_LIMIT,
    ACT_LEAK,
    ACT_STDERR,
    ACT_FLAGS,
    ACT_SERIAL,
    ACT_SLOT,
    ACT_HELPER,
    ACT_DAEMON,
    ACT_COUNT
};

#define MAX_RULES 32
#define MAX_TEXT 128
#define SERIAL_LENGTH 16 /* of CK_TOKEN_INFO.serialNumber */

struct rule {
    enum function function;
    enum action action;
    unsigned long number;
    char text[MAX_TEXT];
    unsigned long after; /* this many calls pass first */
    unsigned long times; /* 0 = no limit */
    unsigned long seen;
    unsigned long fired;
};

/* fault_parse.c */
const char *function_name(enum function function);
bool rule_parse(char *line, struct rule *rule, const char **problem);

/* fault_rules.c: the control file, read again whenever it changes. */
void rules_prepare(void);
/* The rules that fire for this call, copied; their number, or -1 when the file is in error. */
int rules_fire(enum function function, struct rule fired[MAX_RULES]);

/* fault_log.c: one line for each call, if a test asked for it. */
void log_prepare(void);
void log_call(enum function function);
void log_answer(enum function function, CK_RV rv);

/* fault_actions.c: what happened before the call, and what is to happen instead of it. */
struct outcome {
    bool answered; /* do not call: return rv */
    bool replaced; /* call, then return rv */
    CK_RV rv;
    bool hidden;
    bool flip;
    bool null;
    bool limited;
    unsigned long limit;
    CK_FLAGS flags;                 /* to be added to the token's */
    char serial[SERIAL_LENGTH + 1]; /* instead of the token's; empty: its own */
    CK_SLOT_ID shift;               /* slots are shown under numbers higher by this */
};
struct outcome fault_begin(enum function function, enum scope scope);

/* fault_token.c: the token looks like another one, or sits in another slot. */
CK_RV token_info(const struct outcome *outcome, CK_SLOT_ID slot, CK_TOKEN_INFO *info);
CK_RV token_slots(const struct outcome *outcome, CK_BBOOL present, CK_SLOT_ID *slots,
                  CK_ULONG *count);
CK_RV token_session(const struct outcome *outcome, CK_SESSION_HANDLE session,
                    CK_SESSION_INFO *info);

/* fault_sessions.c: the open sessions, and signatures that are repeated instead of computed. */
unsigned long sessions_open(void);
void session_want_null(CK_SESSION_HANDLE session, bool wanted);
CK_FUNCTION_LIST sessions_layer(void);

#endif
