"""What the commands share that work on a PKCS#11 module without a daemon."""
