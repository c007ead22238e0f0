/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "report.h"

#define NEXT_KERNEL "/vmlinuz"
#define NEXT_INITRAMFS "/guest"

bool init_is_pid1(void)
{
    return getpid() == 1;
}

/* An initramfs without /dev/console starts its init without any open file. */
static void open_console(void)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
        return;

    int fd = open("/dev/console", O_RDWR);

    if (fd >= 0 && fd != STDOUT_FILENO)
        dup2(fd, STDOUT_FILENO);
}

void init_setup(void)
{
    /* What is there already (EEXIST, EBUSY) serves as well; a missing /proc is noticed later. */
    mkdir("/proc", 0555);
    mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    open_console();
}

int init_read_cmdline(char *text, size_t size)
{
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

    if (length < 0) {
        int rc = -errno;

        report_error("cannot read /proc/cmdline: %s", strerror(-rc));
        return rc;
    }
    close(fd);
    text[length] = '\0';
    return 0;
}

int init_load(const char *path, const char *options)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    long rc = fd < 0 ? -1 : syscall(SYS_finit_module, fd, options, 0);

    if (rc < 0) {
        rc = -errno;
        report_error("cannot load %s: %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return (int)rc;
}

static int load_next_kernel(void)
{
    static char cmdline[4096];
    int kernel = open(NEXT_KERNEL, O_RDONLY | O_CLOEXEC);
    int initramfs = open(NEXT_INITRAMFS, O_RDONLY | O_CLOEXEC);
    long rc = kernel < 0 || initramfs < 0 ? -1 : init_read_cmdline(cmdline, sizeof(cmdline));

    if (rc == 0)
        rc = syscall(SYS_kexec_file_load, kernel, initramfs, strlen(cmdline) + 1, cmdline, 0ul);
    if (rc < 0)
        report_error("cannot load the next kernel: %s", strerror(errno));
    return (int)rc;
}

_Noreturn void init_end(enum end_action action, int status)
{
    static const int commands[] = {
        [END_HALT] = RB_HALT_SYSTEM,
        [END_REBOOT] = RB_AUTOBOOT,
        [END_POWEROFF] = RB_POWER_OFF,
        [END_KEXEC] = RB_KEXEC,
    };

    if (!init_is_pid1())
        _exit(status);
    if (action == END_KEXEC && load_next_kernel() < 0)
        action = END_HALT;
    tcdrain(STDOUT_FILENO);
    if (action != END_IDLE)
        reboot(commands[action]);
    for (;;)
        pause();
}
