/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XENPAGING2_ONE_LINE_H
#define XENPAGING2_ONE_LINE_H

/* Replaces control characters by '?': a value from outside must not forge lines of the log. */
static inline void one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

#endif
