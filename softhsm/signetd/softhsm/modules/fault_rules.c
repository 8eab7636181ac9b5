/* Keeps the rules of the control file, which SIGNETD_FAULT_FILE names, and counts their calls. */
#include "fault.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE 8192

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *path;
static struct stat seen; /* all zero while there is no file */
static struct rule rules[MAX_RULES];
static int count; /* -1: the file is in error */

void rules_prepare(void)
{
    path = getenv("SIGNETD_FAULT_FILE");
}

static int complain(int line, const char *problem)
{
    fprintf(stderr, "signetd fault module: %s, line %d: %s\n", path, line, problem);
    return -1;
}

static int parse(char *text)
{
    int found = 0;
    int number = 0;
    char *rest = NULL;
    /* strsep, unlike strtok, counts the empty lines too. */
    for (rest = text; rest != NULL;) {
        char *line = strsep(&rest, "\n");
        const char *problem = NULL;
        number++;
        line += strspn(line, " \t\r");
        if (*line == '\0' || *line == '#')
            continue;
        if (found == MAX_RULES)
            return complain(number, "too many rules");
        if (!rule_parse(line, &rules[found], &problem))
            return complain(number, problem);
        found++;
    }
    return found;
}

static int read_rules(void)
{
    char text[MAX_FILE + 1];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    if (length > MAX_FILE)
        return complain(1, "the file is too long");
    text[length] = '\0';
    return parse(text);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void refresh(void)
{
    struct stat now;
    if (stat(path, &now) != 0)
        memset(&now, 0, sizeof now);
    if (same_file(&now, &seen))
        return;
    seen = now;
    count = read_rules();
}

static bool fires(struct rule *rule, enum function function)
{
    if (rule->function != function && rule->function != FN_ANY)
        return false;
    if (rule->seen++ < rule->after || (rule->times != 0 && rule->fired == rule->times))
        return false;
    rule->fired++;
    return true;
}

int rules_fire(enum function function, struct rule fired[MAX_RULES])
{
    int number = 0;
    if (path == NULL)
        return 0;
    pthread_mutex_lock(&lock);
    refresh();
    if (count < 0)
        number = -1;
    for (int i = 0; i < count; i++) {
        if (fires(&rules[i], function))
            fired[number++] = rules[i];
    }
    pthread_mutex_unlock(&lock);
    return number;
}
