/* Reads from the environment which vendor's token this module looks like. */
#include "sm2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sm2_config config;

static bool refuse(const char *variable, const char *expected)
{
    fprintf(stderr, "signetd SM2 module: %s must be %s\n", variable, expected);
    return false;
}

static bool read_number(const char *variable, unsigned long fallback, unsigned long *number)
{
    const char *text = getenv(variable);
    *number = fallback;
    if (text == NULL)
        return true;
    char *end = NULL;
    errno = 0;
    *number = strtoul(text, &end, 0);
    if (end == text || *end != '\0' || errno != 0 || *text == '-' || *number > 0xFFFFFFFFUL)
        return refuse(variable, "a number up to 0xFFFFFFFF, such as 0x80000201");
    return true;
}

static bool read_choice(const char *variable, const char *const names[], const char *expected,
                        int *choice)
{
    const char *text = getenv(variable);
    *choice = 0;
    if (text == NULL)
        return true;
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0) {
            *choice = i;
            return true;
        }
    }
    return refuse(variable, expected);
}

static bool mechanisms_differ(const struct sm2_config *c)
{
    if (c->generate == 0)
        return refuse("SIGNETD_SM2_KEY_PAIR_GEN", "a mechanism number other than 0");
    if (c->generate == c->sign || c->generate == c->sign_sm3)
        return refuse("SIGNETD_SM2_KEY_PAIR_GEN", "different from the signing mechanisms");
    if (c->sign != 0 && c->sign == c->sign_sm3)
        return refuse("SIGNETD_SM2_SIGN_SM3", "different from SIGNETD_SM2_SIGN");
    return true;
}

CK_RV config_read(void)
{
    static const char *const hashings[] = {"z", "z-fixed", "plain", NULL};
    static const char *const outputs[] = {"raw", "der", "der-padded", NULL};
    struct sm2_config read;
    int hashing = 0;
    int output = 0;
    bool good = read_number("SIGNETD_SM2_KEY_TYPE", 0x80000201, &read.key_type) &&
                read_number("SIGNETD_SM2_KEY_PAIR_GEN", 0x80000201, &read.generate) &&
                read_number("SIGNETD_SM2_SIGN", 0x80000202, &read.sign) &&
                read_number("SIGNETD_SM2_SIGN_SM3", 0x80000203, &read.sign_sm3) &&
                read_choice("SIGNETD_SM2_HASHING", hashings, "z, z-fixed or plain", &hashing) &&
                read_choice("SIGNETD_SM2_OUTPUT", outputs, "raw, der or der-padded", &output) &&
                mechanisms_differ(&read);
    if (!good)
        return CKR_ARGUMENTS_BAD;
    read.hashing = (enum sm2_hashing)hashing;
    read.output = (enum sm2_output)output;
    config = read;
    return CKR_OK;
}

bool config_is_sign_mechanism(CK_MECHANISM_TYPE type)
{
    return type != 0 && (type == config.sign || type == config.sign_sm3);
}
