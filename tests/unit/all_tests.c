/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All unit tests are one program, so that a change is linked once. Each has a link of its own to
 * it, whose name it is known by: that of the function which its main() has become (unit.mk).
 */
#include <dlfcn.h>
#include <err.h>
#include <libgen.h>

int main(int argc, char **argv)
{
    int (*test)(int argc, char **argv) =
        (int (*)(int, char **))dlsym(RTLD_DEFAULT, basename(argv[0]));

    if (!test)
        errx(2, "%s is no test", argv[0]);
    return test(argc, argv);
}
