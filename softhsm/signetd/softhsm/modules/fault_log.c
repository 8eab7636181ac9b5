/* Appends the name of each called function to the file that SIGNETD_FAULT_LOG names, and what the
 * token itself answered to a login that failed. Arguments are never written: a PIN is among them. */
#include "fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_LINE 64

static int log_file = -1;

void log_prepare(void)
{
    const char *path = getenv("SIGNETD_FAULT_LOG");
    if (path == NULL)
        return;
    log_file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log_file < 0)
        perror("signetd fault module: SIGNETD_FAULT_LOG");
}

/* One write for one line: the lines of several processes do not mix. */
static void log_line(const char *line, int length)
{
    if (write(log_file, line, (size_t)length) != length)
        perror("signetd fault module: SIGNETD_FAULT_LOG");
}

void log_call(enum function function)
{
    char line[MAX_LINE];
    if (log_file >= 0)
        log_line(line, snprintf(line, sizeof line, "%s\n", function_name(function)));
}

void log_answer(enum function function, CK_RV rv)
{
    char line[MAX_LINE];
    if (log_file >= 0)
        log_line(line, snprintf(line, sizeof line, "%s=0x%lX\n", function_name(function), rv));
}
