/* What the parts of the SM2 module share. */
#ifndef SIGNETD_SM2_H
#define SIGNETD_SM2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "cryptoki.h"

/* The module that stores the objects; set before any other function can be called. */
extern CK_FUNCTION_LIST *real;

/* sm2_config.c: how this token looks to the application. */
enum sm2_hashing { HASH_Z, HASH_Z_FIXED, HASH_PLAIN };
enum sm2_output { OUTPUT_RAW, OUTPUT_DER, OUTPUT_DER_PADDED };

struct sm2_config {
    CK_KEY_TYPE key_type;
    CK_MECHANISM_TYPE generate;
    CK_MECHANISM_TYPE sign;     /* signs e as given; 0 = the token has no such mechanism */
    CK_MECHANISM_TYPE sign_sm3; /* hashes the message itself; 0 = the token has no such mechanism */
    enum sm2_hashing hashing;
    enum sm2_output output;
};
extern struct sm2_config config;

CK_RV config_read(void);
bool config_is_sign_mechanism(CK_MECHANISM_TYPE type);

/* sm2_crypto.c: SM2 of GB/T 32918.2 with OpenSSL. */
#define SM2_LENGTH 32
#define SM2_POINT_LENGTH 65
#define SM2_MAX_ID 8191 /* its length in bits is written in two bytes */
#define SM2_DEFAULT_ID "1234567812345678"

EVP_PKEY *sm2_key_from_scalar(const uint8_t *scalar, size_t length);
bool sm2_hash_z(EVP_MD_CTX *hash, const EVP_PKEY *key, const uint8_t *id, size_t id_length);
bool sm2_sign(EVP_PKEY *key, const uint8_t e[SM2_LENGTH], uint8_t rs[2 * SM2_LENGTH]);
size_t sm2_signature_length(void);
size_t sm2_encode(const uint8_t rs[2 * SM2_LENGTH], uint8_t *output);

/* sm2_tables.c: sessions, and what is known of objects. All of it is behind one mutex. */
enum session_state { STATE_SIGNING, STATE_SEARCH, STATE_COUNT };

enum object_kind { OBJECT_OTHER, OBJECT_PUBLIC, OBJECT_PRIVATE };

struct object_info {
    enum object_kind kind;
    bool marked;      /* a private key that this module made */
    bool sensitive;   /* what the application is told */
    bool extractable; /* what the application is told */
    bool may_sign;
    bool session_object;
};

bool session_opened(CK_SESSION_HANDLE session, CK_SLOT_ID slot);
void session_closed(CK_SESSION_HANDLE session);
void slot_closed(CK_SLOT_ID slot);
void slot_logged_out(CK_SESSION_HANDLE session);
void tables_clear(void);

bool session_known(CK_SESSION_HANDLE session);
bool session_holds(CK_SESSION_HANDLE session, enum session_state which);
void *session_take(CK_SESSION_HANDLE session, enum session_state which);
bool session_give(CK_SESSION_HANDLE session, enum session_state which, void *state);

bool object_recall(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, struct object_info *info);
void object_remember(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     const struct object_info *info);
void object_forget(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
EVP_PKEY *object_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
void object_set_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, EVP_PKEY *key);

/* sm2_objects.c: what the application sees of the stored objects. */
extern const CK_BYTE SM2_CURVE[10];

CK_RV object_look_up(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, struct object_info *info);
bool attribute_is_replaced(CK_ATTRIBUTE_TYPE type);

/* The private-key mark, kept in CKA_ALLOWED_MECHANISMS (see sm2_objects.c). */
CK_MECHANISM_TYPE mark_make(bool sensitive, bool extractable);
bool mark_read(CK_MECHANISM_TYPE mark, bool *sensitive, bool *extractable);

void signing_free(void *signing);
void search_free(void *search);

/* The functions that replace the real module's are called sm2_C_…; declared for all, so that each
 * definition is checked against the standard's parameters. */
#define SM2_DECLARATION(scope, name, parameters, arguments) CK_RV sm2_##name parameters;
CRYPTOKI_FUNCTIONS(SM2_DECLARATION)
#undef SM2_DECLARATION

#endif
