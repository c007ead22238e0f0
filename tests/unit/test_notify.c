/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service manager gets to hear. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "failing.h"
#include "notify.h"

static char directory[32], name[64];
static int manager = -1;

/* Binds the manager's socket to the name; '@' stands for one that is in no directory. */
static void listen_at(const char *format)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    socklen_t length;

    snprintf(name, sizeof(name), format, directory); /* NOLINT */
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    strcpy(at.sun_path, name);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&at, length), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static int setup(void **state)
{
    *state = NULL;
    strcpy(directory, "/tmp/test_notify_XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    if (manager >= 0)
        close(manager);
    manager = -1;
    unlink(name);
    unsetenv("NOTIFY_SOCKET");
    return rmdir(directory);
}

static void assert_heard(const char *expected)
{
    char heard[256];
    ssize_t n = recv(manager, heard, sizeof(heard) - 1, 0);

    assert_true(n >= 0);
    heard[n] = '\0';
    assert_string_equal(heard, expected);
}

static void all_lines_come_in_one_datagram(void **state)
{
    (void)state;
    listen_at("%s/socket");
    notify_send("READY=1\nSTATUS=the domain is served");
    notify_send("STOPPING=1");
    assert_heard("READY=1\nSTATUS=the domain is served");
    assert_heard("STOPPING=1");
}

static void a_socket_need_not_be_in_a_directory(void **state)
{
    (void)state;
    listen_at("@xenpaging2%s");
    notify_send("READY=1");
    assert_heard("READY=1");
}

static void who_does_not_want_to_know_hears_nothing(void **state)
{
    const struct holdings before = holdings_now();
    char long_name[200];

    (void)state;
    memset(long_name, '/', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    notify_send("READY=1");
    for (int i = 0; i < 4; i++) {
        const char *const names[] = {"", "relative", "/nobody/listens/here", long_name};

        setenv("NOTIFY_SOCKET", names[i], 1);
        notify_send("READY=1");
    }
    assert_holds(&before);
}

/* It is not waited for. */
static void a_manager_that_does_not_listen_holds_nobody_up(void **state)
{
    (void)state;
    listen_at("%s/socket");
    for (int i = 0; i < 2000; i++)
        notify_send("STATUS=once more");
    assert_heard("STATUS=once more");
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(all_lines_come_in_one_datagram),
        IN_DIRECTORY(a_socket_need_not_be_in_a_directory),
        IN_DIRECTORY(who_does_not_want_to_know_hears_nothing),
        IN_DIRECTORY(a_manager_that_does_not_listen_holds_nobody_up),
    };

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
