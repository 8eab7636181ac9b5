/* Reads the module's settings from the environment. */
#include "sm2_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(const char *name, unsigned long fallback, unsigned long *out)
{
    const char *text = getenv(name);
    char *end = NULL;

    *out = text ? strtoul(text, &end, 0) : fallback;
    if (!text || (*text && !*end))
        return 1;
    fprintf(stderr, "signetd sm2 module: %s is not a number\n", name);
    return 0;
}

/* The words are in the order of the enumeration they stand for. */
static int choice(const char *name, const char *const words[3], int *out)
{
    const char *text = getenv(name);

    for (*out = 0; *out < 3; ++*out)
        if (!text || strcmp(text, words[*out]) == 0)
            return 1;
    fprintf(stderr, "signetd sm2 module: %s is none of %s, %s, %s\n", name, words[0], words[1],
            words[2]);
    return 0;
}

int sm2_settings_read(sm2_settings *settings)
{
    static const char *const hashing[3] = {"z", "z-fixed", "plain"};
    static const char *const output[3] = {"raw", "der", "der-padded"};
    int chosen_hashing = 0, chosen_output = 0;

    if (!number("SIGNETD_SM2_KEY_TYPE", 0x80000201UL, &settings->key_type) ||
        !number("SIGNETD_SM2_KEY_PAIR_GEN", 0x80000201UL, &settings->key_pair_gen) ||
        !number("SIGNETD_SM2_SIGN", 0x80000202UL, &settings->sign) ||
        !number("SIGNETD_SM2_SIGN_SM3", 0x80000203UL, &settings->sign_sm3) ||
        !choice("SIGNETD_SM2_HASHING", hashing, &chosen_hashing) ||
        !choice("SIGNETD_SM2_OUTPUT", output, &chosen_output))
        return 0;
    settings->hashing = (sm2_hashing)chosen_hashing;
    settings->output = (sm2_output)chosen_output;
    return 1;
}
