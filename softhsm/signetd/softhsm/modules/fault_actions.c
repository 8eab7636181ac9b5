/* Carries out the rules that fire: what happens at once, and what becomes of the call. */
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void wait_milliseconds(unsigned long milliseconds)
{
    struct timespec left = {.tv_sec = (time_t)(milliseconds / 1000),
                            .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* A hang that a signal handler does not end. */
static void hang(void)
{
    for (;;)
        pause();
}

static void leak(unsigned long bytes)
{
    static void *volatile leaked; /* volatile: the compiler must not drop the allocation */
    leaked = malloc(bytes);
    if (leaked != NULL)
        memset(leaked, 0xA5, bytes); /* touched, so that the memory is really taken */
}

/* A process beside this one, as some vendors' libraries start them: it keeps every descriptor. */
static void start_helper(unsigned long seconds, bool own_session)
{
    if (fork() != 0)
        return;
    if (own_session)
        setsid();
    wait_milliseconds(seconds * 1000);
    _exit(0);
}

static void hide(enum scope scope, struct outcome *outcome)
{
    outcome->hidden = true;
    if (scope == SCOPE_GENERAL)
        return;
    outcome->answered = true;
    outcome->rv = scope == SCOPE_SLOT ? CKR_TOKEN_NOT_PRESENT : CKR_DEVICE_REMOVED;
}

static void act(const struct rule *rule, enum scope scope, struct outcome *outcome)
{
    switch (rule->action) {
    case ACT_ERROR:
        outcome->answered = true;
        outcome->rv = rule->number;
        break;
    case ACT_ERROR_AFTER:
        outcome->replaced = true;
        outcome->rv = rule->number;
        break;
    case ACT_DELAY:
        wait_milliseconds(rule->number);
        break;
    case ACT_HANG:
        hang();
        break;
    case ACT_CRASH:
        abort();
    case ACT_SEGV:
        raise(SIGSEGV);
        break;
    case ACT_EXIT:
        _exit((int)rule->number);
    case ACT_LEAK:
        leak(rule->number);
        break;
    case ACT_STDERR:
        fprintf(stderr, "%s\n", rule->text);
        break;
    case ACT_HELPER:
    case ACT_DAEMON:
        start_helper(rule->number, rule->action == ACT_DAEMON);
        break;
    case ACT_FLIP:
        outcome->flip = true;
        break;
    case ACT_NULL:
        outcome->null = true;
        break;
    case ACT_LIMIT:
        outcome->limited = true;
        outcome->limit = rule->number;
        break;
    case ACT_FLAGS:
        outcome->flags |= rule->number;
        break;
    case ACT_SERIAL:
        memcpy(outcome->serial, rule->text, sizeof outcome->serial - 1);
        break;
    case ACT_SLOT:
        outcome->shift = rule->number;
        break;
    case ACT_HIDE:
    default:
        hide(scope, outcome);
        break;
    }
}

/* Log the call and apply the rules in the order of the file, until one answers the call. */
struct outcome fault_begin(enum function function, enum scope scope)
{
    struct outcome outcome = {.rv = CKR_OK};
    struct rule fired[MAX_RULES];
    log_call(function);
    int count = rules_fire(function, fired);
    if (count < 0) {
        /* A test with a mistake in its rules must not pass as if there were no fault. */
        outcome.answered = true;
        outcome.rv = CKR_FUNCTION_FAILED;
    }
    for (int i = 0; i < count && !outcome.answered; i++)
        act(&fired[i], scope, &outcome);
    return outcome;
}
