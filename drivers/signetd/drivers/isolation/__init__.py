"""Worker processes: each loads one PKCS#11 module, serves one token, and has one thread."""
