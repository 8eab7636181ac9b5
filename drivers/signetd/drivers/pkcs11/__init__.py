"""The PKCS#11 driver: python-pkcs11, vendor profiles, and everything that knows a CKR or CKM."""
