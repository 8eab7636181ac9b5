/* Loads the PKCS#11 module behind a test module. */
#ifndef SIGNETD_LOADER_H
#define SIGNETD_LOADER_H

#include "cryptoki.h"

/* Load the library that the environment variable names; NULL, with one line on stderr, if that fails.
 * The library stays loaded: a module that has started threads must not be unmapped. */
CK_FUNCTION_LIST *load_module(const char *variable);

#endif
