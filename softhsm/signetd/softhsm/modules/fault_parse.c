/* Reads one line of the control file: FUNCTION ACTION [ARGUMENT] [after=N] [times=N]. */
#include "fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 32

static const char *const FUNCTION_NAMES[FN_COUNT] = {
#define FAULT_NAME(scope, name, parameters, arguments) [FN_##name] = #name,
    CRYPTOKI_FUNCTIONS(FAULT_NAME)
#undef FAULT_NAME
};

enum argument { NO_ARGUMENT, NUMBER, TEXT };

static const struct {
    const char *name;
    enum argument argument;
} ACTIONS[ACT_COUNT] = {
    [ACT_ERROR] = {"error", NUMBER},
    [ACT_ERROR_AFTER] = {"error-after", NUMBER},
    [ACT_DELAY] = {"delay", NUMBER},
    [ACT_HANG] = {"hang", NO_ARGUMENT},
    [ACT_CRASH] = {"crash", NO_ARGUMENT},
    [ACT_SEGV] = {"segv", NO_ARGUMENT},
    [ACT_EXIT] = {"exit", NUMBER},
    [ACT_FLIP] = {"flip", NO_ARGUMENT},
    [ACT_NULL] = {"null", NO_ARGUMENT},
    [ACT_HIDE] = {"hide", NO_ARGUMENT},
    [ACT_LIMIT] = {"limit", NUMBER},
    [ACT_LEAK] = {"leak", NUMBER},
    [ACT_STDERR] = {"stderr", TEXT},
    [ACT_FLAGS] = {"flags", NUMBER},
    [ACT_SERIAL] = {"serial", TEXT},
    [ACT_SLOT] = {"slot", NUMBER},
    [ACT_HELPER] = {"helper", NUMBER},
    [ACT_DAEMON] = {"daemon", NUMBER},
};

const char *function_name(enum function function)
{
    return FUNCTION_NAMES[function];
}

static bool find_function(const char *word, enum function *function)
{
    for (*function = 0; *function < FN_COUNT; (*function)++) {
        if (strcmp(word, FUNCTION_NAMES[*function]) == 0)
            return true;
    }
    return strcmp(word, "*") == 0; /* FN_ANY */
}

static bool find_action(const char *word, enum action *action)
{
    for (*action = 0; *action < ACT_COUNT; (*action)++) {
        if (strcmp(word, ACTIONS[*action].name) == 0)
            return true;
    }
    return false;
}

static bool read_number(const char *word, unsigned long *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtoul(word, &end, 0);
    return *word != '-' && end != word && *end == '\0' && errno == 0;
}

/* Take after=N and times=N from the end of the line. */
static bool read_options(char *words[], size_t *count, struct rule *rule)
{
    while (*count > 2) {
        const char *word = words[*count - 1];
        unsigned long *option = strncmp(word, "after=", 6) == 0   ? &rule->after
                                : strncmp(word, "times=", 6) == 0 ? &rule->times
                                                                  : NULL;
        if (option == NULL)
            return true;
        if (!read_number(word + 6, option) || (option == &rule->times && *option == 0))
            return false;
        (*count)--;
    }
    return true;
}

static bool read_argument(char *words[], size_t count, struct rule *rule)
{
    size_t used = 0;
    switch (ACTIONS[rule->action].argument) {
    case NO_ARGUMENT:
        return count == 0;
    case NUMBER:
        return count == 1 && read_number(words[0], &rule->number);
    default:
        for (size_t i = 0; i < count; i++) {
            int n = snprintf(rule->text + used, MAX_TEXT - used, "%s%s", i ? " " : "", words[i]);
            if (n < 0 || (size_t)n >= MAX_TEXT - used)
                return false;
            used += (size_t)n;
        }
        return count > 0;
    }
}

/* Some actions have a meaning in a few functions only; elsewhere they would silently do nothing. */
static bool fits(struct rule *rule)
{
    switch (rule->action) {
    case ACT_FLIP:
        return rule->function == FN_C_Sign || rule->function == FN_C_SignFinal;
    case ACT_LIMIT:
        return rule->function == FN_C_OpenSession;
    case ACT_NULL: /* whether the token is called is decided when the operation starts */
        if (rule->function == FN_C_Sign)
            rule->function = FN_C_SignInit;
        return rule->function == FN_C_SignInit;
    case ACT_HIDE:
        return rule->function == FN_ANY || rule->function == FN_C_GetSlotList;
    case ACT_FLAGS:
        return rule->function == FN_C_GetTokenInfo;
    case ACT_SERIAL:
        return rule->function == FN_C_GetTokenInfo && strlen(rule->text) <= SERIAL_LENGTH;
    case ACT_SLOT: /* the list and the calls with slot numbers must agree */
        return rule->function == FN_ANY;
    default:
        return true;
    }
}

/* Parse a line, which is cut into words in place; false, with the problem, if it is not a rule. */
bool rule_parse(char *line, struct rule *rule, const char **problem)
{
    char *words[MAX_WORDS];
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t\r", &rest); word != NULL && count < MAX_WORDS;
         word = strtok_r(NULL, " \t\r", &rest))
        words[count++] = word;
    *rule = (struct rule){0};
    *problem = NULL;
    if (count < 2 || count == MAX_WORDS)
        *problem = "expected FUNCTION ACTION [ARGUMENT] [after=N] [times=N]";
    else if (!find_function(words[0], &rule->function))
        *problem = "the function is neither a C_ function nor *";
    else if (!find_action(words[1], &rule->action))
        *problem = "there is no such action";
    else if (!read_options(words, &count, rule))
        *problem = "after= and times= take a number, times= at least 1";
    else if (!read_argument(words + 2, count - 2, rule))
        *problem = "the argument is missing, superfluous or wrong";
    else if (!fits(rule))
        *problem = "the action does not apply to this function";
    return *problem == NULL;
}
