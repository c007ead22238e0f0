/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "nbd_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 32

static pid_t server;

bool nbd_server_is_there(void)
{
    return system("nbdkit --version >/dev/null 2>&1") == 0; /* NOLINT */
}

static void run_server(char *socket, char *pidfile, char *words)
{
    char *argv[MAX_WORDS] = {"nbdkit", "-f", "--exit-with-parent", "-P", pidfile, "-U", socket};
    int nr = strncmp(words, "-p ", 3) ? 7 : 5;

    for (char *word = strtok(words, " "); word && nr < MAX_WORDS - 1; word = strtok(NULL, " "))
        argv[nr++] = word;
    execvp(argv[0], argv);
    _exit(127);
}

/* nbdkit writes the file when it listens. */
static void wait_for_server(const char *pidfile)
{
    for (int i = 0; i < 60000 && access(pidfile, F_OK); i++) {
        assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
        usleep(1000);
    }
    assert_int_equal(access(pidfile, F_OK), 0);
}

void nbd_server_start(const char *directory, const char *words)
{
    char socket[128], pidfile[128], line[512];

    assert_int_equal(server, 0);
    snprintf(socket, sizeof(socket), "%s/socket", directory);
    snprintf(pidfile, sizeof(pidfile), "%s/pid", directory);
    snprintf(line, sizeof(line), "%s", words);
    unlink(socket);
    unlink(pidfile);
    server = fork();
    assert_true(server >= 0);
    if (!server)
        run_server(socket, pidfile, line);
    wait_for_server(pidfile);
}

void nbd_server_kill(void)
{
    if (!server)
        return;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
}
