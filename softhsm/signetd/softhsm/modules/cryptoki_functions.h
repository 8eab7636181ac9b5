/* Every function of PKCS#11 2.40, in the order of CK_FUNCTION_LIST, as a list to expand:
 * X(scope, name, (parameters), (arguments)). The scope says what the first argument names:
 * SLOT, SESSION or, for the others, GENERAL. */
#ifndef SIGNETD_CRYPTOKI_FUNCTIONS_H
#define SIGNETD_CRYPTOKI_FUNCTIONS_H

/* clang-format off */
#define CRYPTOKI_FUNCTIONS(X) \
    X(GENERAL, C_Initialize, (void *arguments), (arguments)) \
    X(GENERAL, C_Finalize, (void *reserved), (reserved)) \
    X(GENERAL, C_GetInfo, (CK_INFO *info), (info)) \
    X(GENERAL, C_GetFunctionList, (CK_FUNCTION_LIST **list), (list)) \
    X(GENERAL, C_GetSlotList, \
      (CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count), \
      (present, slots, count)) \
    X(SLOT, C_GetSlotInfo, (CK_SLOT_ID slot, CK_SLOT_INFO *info), (slot, info)) \
    X(SLOT, C_GetTokenInfo, (CK_SLOT_ID slot, CK_TOKEN_INFO *info), (slot, info)) \
    X(SLOT, C_GetMechanismList, \
      (CK_SLOT_ID slot, CK_MECHANISM_TYPE *mechanisms, CK_ULONG *count), \
      (slot, mechanisms, count)) \
    X(SLOT, C_GetMechanismInfo, \
      (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info), \
      (slot, type, info)) \
    X(SLOT, C_InitToken, \
      (CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG pin_length, CK_UTF8CHAR *label), \
      (slot, pin, pin_length, label)) \
    X(SESSION, C_InitPIN, \
      (CK_SESSION_HANDLE session, CK_UTF8CHAR *pin, CK_ULONG pin_length), \
      (session, pin, pin_length)) \
    X(SESSION, C_SetPIN, \
      (CK_SESSION_HANDLE session, CK_UTF8CHAR *old_pin, CK_ULONG old_length, CK_UTF8CHAR \
       *new_pin, CK_ULONG new_length), \
      (session, old_pin, old_length, new_pin, new_length)) \
    X(SLOT, C_OpenSession, \
      (CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE \
       *session), \
      (slot, flags, application, notify, session)) \
    X(SESSION, C_CloseSession, (CK_SESSION_HANDLE session), (session)) \
    X(SLOT, C_CloseAllSessions, (CK_SLOT_ID slot), (slot)) \
    X(SESSION, C_GetSessionInfo, \
      (CK_SESSION_HANDLE session, CK_SESSION_INFO *info), \
      (session, info)) \
    X(SESSION, C_GetOperationState, \
      (CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG *state_length), \
      (session, state, state_length)) \
    X(SESSION, C_SetOperationState, \
      (CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG state_length, CK_OBJECT_HANDLE \
       cipher_key, CK_OBJECT_HANDLE sign_key), \
      (session, state, state_length, cipher_key, sign_key)) \
    X(SESSION, C_Login, \
      (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_length), \
      (session, user, pin, pin_length)) \
    X(SESSION, C_Logout, (CK_SESSION_HANDLE session), (session)) \
    X(SESSION, C_CreateObject, \
      (CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE \
       *object), \
      (session, attributes, count, object)) \
    X(SESSION, C_CopyObject, \
      (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG \
       count, CK_OBJECT_HANDLE *copy), \
      (session, object, attributes, count, copy)) \
    X(SESSION, C_DestroyObject, \
      (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object), \
      (session, object)) \
    X(SESSION, C_GetObjectSize, \
      (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size), \
      (session, object, size)) \
    X(SESSION, C_GetAttributeValue, \
      (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG \
       count), \
      (session, object, attributes, count)) \
    X(SESSION, C_SetAttributeValue, \
      (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG \
       count), \
      (session, object, attributes, count)) \
    X(SESSION, C_FindObjectsInit, \
      (CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count), \
      (session, attributes, count)) \
    X(SESSION, C_FindObjects, \
      (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG maximum, CK_ULONG *count), \
      (session, objects, maximum, count)) \
    X(SESSION, C_FindObjectsFinal, (CK_SESSION_HANDLE session), (session)) \
    X(SESSION, C_EncryptInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), \
      (session, mechanism, key)) \
    X(SESSION, C_Encrypt, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_EncryptUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_EncryptFinal, \
      (CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length), \
      (session, output, output_length)) \
    X(SESSION, C_DecryptInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), \
      (session, mechanism, key)) \
    X(SESSION, C_Decrypt, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_DecryptUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_DecryptFinal, \
      (CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length), \
      (session, output, output_length)) \
    X(SESSION, C_DigestInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism), \
      (session, mechanism)) \
    X(SESSION, C_Digest, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_DigestUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length), \
      (session, data, length)) \
    X(SESSION, C_DigestKey, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key), (session, key)) \
    X(SESSION, C_DigestFinal, \
      (CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length), \
      (session, output, output_length)) \
    X(SESSION, C_SignInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), \
      (session, mechanism, key)) \
    X(SESSION, C_Sign, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_SignUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length), \
      (session, data, length)) \
    X(SESSION, C_SignFinal, \
      (CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length), \
      (session, output, output_length)) \
    X(SESSION, C_SignRecoverInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), \
      (session, mechanism, key)) \
    X(SESSION, C_SignRecover, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_VerifyInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), \
      (session, mechanism, key)) \
    X(SESSION, C_Verify, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG \
       signature_length), \
      (session, data, length, signature, signature_length)) \
    X(SESSION, C_VerifyUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length), \
      (session, data, length)) \
    X(SESSION, C_VerifyFinal, \
      (CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_length), \
      (session, signature, signature_length)) \
    X(SESSION, C_VerifyRecoverInit, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), \
      (session, mechanism, key)) \
    X(SESSION, C_VerifyRecover, \
      (CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_length, CK_BYTE \
       *output, CK_ULONG *output_length), \
      (session, signature, signature_length, output, output_length)) \
    X(SESSION, C_DigestEncryptUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_DecryptDigestUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_SignEncryptUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_DecryptVerifyUpdate, \
      (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG \
       *output_length), \
      (session, data, length, output, output_length)) \
    X(SESSION, C_GenerateKey, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attributes, CK_ULONG \
       count, CK_OBJECT_HANDLE *key), \
      (session, mechanism, attributes, count, key)) \
    X(SESSION, C_GenerateKeyPair, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_attributes, \
       CK_ULONG public_count, CK_ATTRIBUTE *private_attributes, CK_ULONG private_count, \
       CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key), \
      (session, mechanism, public_attributes, public_count, private_attributes, private_count, \
       public_key, private_key)) \
    X(SESSION, C_WrapKey, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key, \
       CK_OBJECT_HANDLE key, CK_BYTE *output, CK_ULONG *output_length), \
      (session, mechanism, wrapping_key, key, output, output_length)) \
    X(SESSION, C_UnwrapKey, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key, \
       CK_BYTE *data, CK_ULONG length, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE \
       *key), \
      (session, mechanism, unwrapping_key, data, length, attributes, count, key)) \
    X(SESSION, C_DeriveKey, \
      (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base_key, \
       CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *key), \
      (session, mechanism, base_key, attributes, count, key)) \
    X(SESSION, C_SeedRandom, \
      (CK_SESSION_HANDLE session, CK_BYTE *seed, CK_ULONG length), \
      (session, seed, length)) \
    X(SESSION, C_GenerateRandom, \
      (CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG length), \
      (session, output, length)) \
    X(SESSION, C_GetFunctionStatus, (CK_SESSION_HANDLE session), (session)) \
    X(SESSION, C_CancelFunction, (CK_SESSION_HANDLE session), (session)) \
    X(GENERAL, C_WaitForSlotEvent, \
      (CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved), \
      (flags, slot, reserved))
/* clang-format on */

#endif
