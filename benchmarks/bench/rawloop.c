/* What a token does by itself: the yardstick that everything else is a ratio to.
 *
 *   rawloop sign MODULE LABEL KEY MECHANISM DATA SECONDS
 *   rawloop open MODULE LABEL
 *   rawloop fill MODULE LABEL COUNT
 *
 * The PIN is the first line of standard input. `sign` prints "ready" when it has found the private key
 * labelled KEY, waits for a further line, and signs DATA (hexadecimal) in a loop for so long; it prints
 * how many signatures that were and the seconds that they took. `open` prints how many private keys
 * there are, and the seconds from C_Initialize until each has been found and described. `fill` makes
 * so many P-256 key pairs, labelled key-0, key-1 and so on, that are protected as keys should be. */
#include "cryptoki.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CKA_LABEL 0x3UL
#define CKA_PRIVATE 0x2UL
#define CKA_ID 0x102UL
#define CKA_VERIFY 0x10AUL
#define CKF_RW_SESSION 0x2UL
#define CKF_SERIAL_SESSION 0x4UL
#define CKU_USER 1UL
#define MAX_SLOTS 64
#define MAX_DATA 4096
#define MAX_PIN 256
#define SOME 64

static CK_FUNCTION_LIST *p11;

static void die(const char *what, CK_RV rv)
{
    fprintf(stderr, "rawloop: %s: 0x%lX\n", what, rv);
    exit(2);
}

static void check(const char *what, CK_RV rv)
{
    if (rv != CKR_OK)
        die(what, rv);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void load(const char *module)
{
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    CK_GET_FUNCTION_LIST get_list = NULL;
    void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
    memcpy(&get_list, &symbol, sizeof get_list);
    if (get_list == NULL) {
        fprintf(stderr, "rawloop: %s is no PKCS#11 library: %s\n", module, dlerror());
        exit(2);
    }
    check("C_GetFunctionList", get_list(&p11));
}

static CK_SLOT_ID slot_of(const char *label)
{
    CK_SLOT_ID slots[MAX_SLOTS];
    CK_ULONG count = MAX_SLOTS;
    check("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, slots, &count));
    size_t length = strlen(label);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (p11->C_GetTokenInfo(slots[i], &info) != CKR_OK || length > sizeof info.label)
            continue;
        int same = memcmp(info.label, label, length) == 0;
        for (size_t rest = length; rest < sizeof info.label; rest++)
            same = same && info.label[rest] == ' ';
        if (same)
            return slots[i];
    }
    fprintf(stderr, "rawloop: no token is labelled %s\n", label);
    exit(2);
}

static CK_SESSION_HANDLE log_in(const char *label, CK_FLAGS flags)
{
    char pin[MAX_PIN];
    if (fgets(pin, sizeof pin, stdin) == NULL) {
        fprintf(stderr, "rawloop: the PIN is missing: it is the first line of standard input\n");
        exit(2);
    }
    pin[strcspn(pin, "\n")] = '\0';
    CK_SESSION_HANDLE session;
    check("C_OpenSession", p11->C_OpenSession(slot_of(label), CKF_SERIAL_SESSION | flags, NULL, NULL, &session));
    check("C_Login", p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)));
    return session;
}

static CK_OBJECT_HANDLE find_key(CK_SESSION_HANDLE session, char *label)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_LABEL, label, strlen(label)},
    };
    CK_OBJECT_HANDLE key;
    CK_ULONG count = 0;
    check("C_FindObjectsInit", p11->C_FindObjectsInit(session, wanted, 2));
    check("C_FindObjects", p11->C_FindObjects(session, &key, 1, &count));
    check("C_FindObjectsFinal", p11->C_FindObjectsFinal(session));
    if (count != 1) {
        fprintf(stderr, "rawloop: no private key is labelled %s\n", label);
        exit(2);
    }
    return key;
}

static CK_ULONG from_hex(const char *text, CK_BYTE *data)
{
    CK_ULONG length = strlen(text) / 2;
    for (CK_ULONG i = 0; i < length && i < MAX_DATA; i++) {
        unsigned value = 0;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            die("DATA is not hexadecimal, at byte", i);
        data[i] = (CK_BYTE)value;
    }
    return length < MAX_DATA ? length : MAX_DATA;
}

static void sign(char **argv)
{
    CK_BYTE data[MAX_DATA], signature[MAX_DATA];
    CK_MECHANISM mechanism = {strtoul(argv[3], NULL, 0), NULL, 0};
    CK_ULONG length = from_hex(argv[4], data), count = 0;
    CK_SESSION_HANDLE session = log_in(argv[1], 0);
    CK_OBJECT_HANDLE key = find_key(session, argv[2]);
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF)
        exit(0);
    double began = now(), ends = began + strtod(argv[5], NULL), passed;
    do {
        CK_ULONG size = sizeof signature;
        check("C_SignInit", p11->C_SignInit(session, &mechanism, key));
        check("C_Sign", p11->C_Sign(session, data, length, signature, &size));
        count++;
    } while ((passed = now()) < ends);
    printf("%lu %.6f\n", count, passed - began);
}

static void describe(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_BYTE label[256], id[256];
    CK_KEY_TYPE type;
    CK_BBOOL sensitive, extractable;
    CK_ATTRIBUTE asked[] = {
        {CKA_LABEL, label, sizeof label},        {CKA_ID, id, sizeof id},
        {CKA_KEY_TYPE, &type, sizeof type},      {CKA_SENSITIVE, &sensitive, sizeof sensitive},
        {CKA_EXTRACTABLE, &extractable, sizeof extractable},
    };
    check("C_GetAttributeValue", p11->C_GetAttributeValue(session, key, asked, 5));
}

static void open_token(char **argv, double began)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof class};
    CK_SESSION_HANDLE session = log_in(argv[1], 0);
    CK_OBJECT_HANDLE keys[SOME];
    CK_ULONG count, total = 0;
    check("C_FindObjectsInit", p11->C_FindObjectsInit(session, &wanted, 1));
    do {
        check("C_FindObjects", p11->C_FindObjects(session, keys, SOME, &count));
        for (CK_ULONG i = 0; i < count; i++)
            describe(session, keys[i]);
        total += count;
    } while (count > 0);
    check("C_FindObjectsFinal", p11->C_FindObjectsFinal(session));
    printf("%lu %.6f\n", total, now() - began);
}

static void make_pair(CK_SESSION_HANDLE session, CK_ULONG number)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    char label[32];
    CK_BYTE id[4] = {number >> 24 & 0xFF, number >> 16 & 0xFF, number >> 8 & 0xFF, number & 0xFF};
    snprintf(label, sizeof label, "key-%lu", number);
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &yes, sizeof yes},         {CKA_VERIFY, &yes, sizeof yes},
        {CKA_EC_PARAMS, p256, sizeof p256},    {CKA_ID, id, sizeof id},
        {CKA_LABEL, label, strlen(label)},
    };
    CK_ATTRIBUTE private[] = {
        {CKA_TOKEN, &yes, sizeof yes},         {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},     {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_SIGN, &yes, sizeof yes},          {CKA_ID, id, sizeof id},
        {CKA_LABEL, label, strlen(label)},
    };
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE one, other;
    check("C_GenerateKeyPair",
          p11->C_GenerateKeyPair(session, &mechanism, public, 5, private, 7, &one, &other));
}

static void fill(char **argv)
{
    CK_SESSION_HANDLE session = log_in(argv[1], CKF_RW_SESSION);
    CK_ULONG count = strtoul(argv[2], NULL, 10);
    for (CK_ULONG number = 0; number < count; number++)
        make_pair(session, number);
}

int main(int argc, char **argv)
{
    int signs = argc == 8 && strcmp(argv[1], "sign") == 0;
    int fills = argc == 5 && strcmp(argv[1], "fill") == 0;
    if (!signs && !fills && !(argc == 4 && strcmp(argv[1], "open") == 0)) {
        fprintf(stderr, "rawloop sign MODULE LABEL KEY MECHANISM DATA SECONDS | open MODULE LABEL | "
                        "fill MODULE LABEL COUNT\n");
        return 2;
    }
    load(argv[2]);
    double began = now();
    check("C_Initialize", p11->C_Initialize(NULL));
    if (signs)
        sign(argv + 2);
    else if (fills)
        fill(argv + 2);
    else
        open_token(argv + 2, began);
    check("C_Finalize", p11->C_Finalize(NULL));
    return 0;
}
