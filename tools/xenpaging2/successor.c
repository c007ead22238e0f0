/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index.h"
#include "log.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

#define PATIENCE_S 10

static const char *index_of_version(void)
{
    static char text[24];

    snprintf(text, sizeof(text), "(index %u)", INDEX_VERSION);
    return text;
}

const char *successor_version(void)
{
    static char text[80];

    snprintf(text, sizeof(text), "xenpaging2 %s %s\n", VERSION, index_of_version());
    return text;
}

/* Ahead of all arguments, the program's name apart. */
static char **with_version(char **argv)
{
    static char version[] = "--version";
    size_t nr = 0;
    char **args;

    while (argv[nr])
        nr++;
    args = calloc(nr + 2, sizeof(*args));
    if (!args)
        return NULL;
    args[0] = argv[0];
    args[1] = version;
    memcpy(args + 2, argv + 1, nr * sizeof(*args)); /* with the NULL at the end */
    return args;
}

/* What is wrong with its options it says itself, where our log goes. */
_Noreturn static void ask(const char *program, char **argv, int answer)
{
    char **args = with_version(argv);

    if (!args || dup2(answer, STDOUT_FILENO) < 0)
        _exit(EXIT_FAILURE);
    alarm(PATIENCE_S);
    execv(program, args);
    log_error("cannot execute %s: %s", program, strerror(errno));
    _exit(EXIT_FAILURE);
}

/* Reads all that it says, and keeps the beginning. */
static void hear(int answer, char *text, size_t size)
{
    size_t used = 0;
    char more[64];
    ssize_t n;

    while ((n = read(answer, more, sizeof(more))) > 0) {
        size_t kept = (size_t)n < size - 1 - used ? (size_t)n : size - 1 - used;

        memcpy(text + used, more, kept);
        used += kept;
    }
    text[used] = '\0';
}

/* Returns what is wrong with it, or NULL. */
static const char *judge(int status, const char *text)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return "it does not say its version";
    if (!strstr(text, index_of_version()))
        return "its index is of another version; drain before it is started";
    return NULL;
}

static const char *ask_and_judge(const char *program, char **argv, const int *answer)
{
    char text[256] = "";
    int status = 0;
    pid_t pid = fork();

    if (!pid)
        ask(program, argv, answer[1]);
    close(answer[1]);
    if (pid > 0)
        hear(answer[0], text, sizeof(text));
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return strerror(errno);
    return judge(status, text);
}

bool successor_is_fit(const char *program, char **argv)
{
    const char *why;
    int answer[2];

    if (pipe2(answer, O_CLOEXEC)) {
        why = strerror(errno);
    } else {
        why = ask_and_judge(program, argv, answer);
        close(answer[0]);
    }
    if (why)
        log_error("%s cannot take over: %s", program, why);
    return !why;
}
