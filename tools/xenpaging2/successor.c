/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

#define PATIENCE_S 10

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
_Noreturn static void ask(const char *program, char **argv)
{
    char **args = with_version(argv);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (!args || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        _exit(EXIT_FAILURE);
    alarm(PATIENCE_S);
    execv(program, args);
    log_error("cannot execute %s: %s", program, strerror(errno));
    _exit(EXIT_FAILURE);
}

bool successor_is_fit(const char *program, char **argv)
{
    int status = 0;
    pid_t pid = fork();

    if (!pid)
        ask(program, argv);
    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status))
        return true;
    log_error("%s cannot take over: %s", program,
              pid < 0 ? strerror(errno) : "it does not say its version");
    return false;
}
