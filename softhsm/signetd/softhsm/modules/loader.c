/* Loads the PKCS#11 module behind a test module. */
#include "loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CK_FUNCTION_LIST *load_module(const char *variable)
{
    const char *path = getenv(variable);
    if (path == NULL || *path == '\0') {
        fprintf(stderr, "signetd test module: set %s to the PKCS#11 library to use\n", variable);
        return NULL;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "signetd test module: %s: %s\n", variable, dlerror());
        return NULL;
    }
    CK_GET_FUNCTION_LIST get_list = NULL;
    void *symbol = dlsym(library, "C_GetFunctionList");
    /* ISO C has no conversion from an object pointer to a function pointer. */
    memcpy(&get_list, &symbol, sizeof get_list);
    CK_FUNCTION_LIST *list = NULL;
    if (get_list == NULL || get_list(&list) != CKR_OK || list == NULL) {
        fprintf(stderr, "signetd test module: %s: %s has no function list\n", variable, path);
        return NULL;
    }
    return list;
}
