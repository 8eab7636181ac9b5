/* What the parts of the SM2 module share: the real module below, settings, keys, operations. */
#ifndef SIGNETD_SM2_STATE_H
#define SIGNETD_SM2_STATE_H

#include "cryptoki.h"
#include "sm2_key.h"
#include "sm2_settings.h"

extern CK_FUNCTION_LIST *real;
extern sm2_settings settings;

typedef enum { NOT_SM2, SM2_PUBLIC, SM2_PRIVATE } sm2_kind;

/* Tells whether an object is a key on the SM2 curve, and which half. */
sm2_kind kind_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
/* Whether the caller asked for an extractable or not sensitive private key when it was made.
 * CKA_DERIVE, which no SM2 key of this module needs, remembers it on the token. */
int is_exposed(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
CK_ATTRIBUTE *find_attribute(CK_ATTRIBUTE *attributes, CK_ULONG count, CK_ATTRIBUTE_TYPE type);
int is_true(const CK_ATTRIBUTE *attribute);
int names_sm2_curve(CK_ATTRIBUTE *attributes, CK_ULONG count);

/* Objects: sm2_objects.c */
CK_RV sm2_C_GetAttributeValue(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, CK_ATTRIBUTE *, CK_ULONG);
CK_RV sm2_C_FindObjectsInit(CK_SESSION_HANDLE, CK_ATTRIBUTE *, CK_ULONG);
CK_RV sm2_C_GenerateKeyPair(CK_SESSION_HANDLE, CK_MECHANISM *, CK_ATTRIBUTE *, CK_ULONG,
                            CK_ATTRIBUTE *, CK_ULONG, CK_OBJECT_HANDLE *, CK_OBJECT_HANDLE *);
CK_RV sm2_C_CreateObject(CK_SESSION_HANDLE, CK_ATTRIBUTE *, CK_ULONG, CK_OBJECT_HANDLE *);
CK_RV sm2_C_CopyObject(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, CK_ATTRIBUTE *, CK_ULONG,
                       CK_OBJECT_HANDLE *);
CK_RV sm2_C_SetAttributeValue(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, CK_ATTRIBUTE *, CK_ULONG);
CK_RV sm2_C_WrapKey(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE,
                    CK_BYTE *, CK_ULONG *);
CK_RV sm2_C_UnwrapKey(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE, CK_BYTE *, CK_ULONG,
                      CK_ATTRIBUTE *, CK_ULONG, CK_OBJECT_HANDLE *);
CK_RV sm2_C_DeriveKey(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE, CK_ATTRIBUTE *,
                      CK_ULONG, CK_OBJECT_HANDLE *);

/* Signing: sm2_signing.c */
CK_RV sm2_C_SignInit(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);
CK_RV sm2_C_Sign(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
CK_RV sm2_C_SignUpdate(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG);
CK_RV sm2_C_SignFinal(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG *);
/* Forget operations and cached keys: of one session, or all. */
void forget_operation(CK_SESSION_HANDLE session);
void forget_everything(void);

#endif
