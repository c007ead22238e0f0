/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_silently(void (*fn)(void *arg), void *arg)
{
    int null = open("/dev/null", O_WRONLY);

    signal(SIGABRT, SIG_DFL); /* cmocka catches it */
    dup2(null, STDERR_FILENO);
    fn(arg);
    _exit(0);
}

void assert_aborts(void (*fn)(void *arg), void *arg)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (!child)
        run_silently(fn, arg);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

void assert_one_line(const char *text)
{
    assert_int_not_equal(text[0], '\0');
    if (strchr(text, '\n'))
        fail_msg("more than one line: %s", text);
}

void assert_says(const char *text, const char *word)
{
    if (!strstr(text, word))
        fail_msg("'%s' is not in '%s'", word, text);
}
