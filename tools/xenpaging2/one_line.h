/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values from outside in messages. */
#ifndef XENPAGING2_ONE_LINE_H
#define XENPAGING2_ONE_LINE_H

#include <string.h>

/* For "%.*s%s": so much of a value that there is room for the rest of the message. */
#define SHOWN_BYTES 64
#define SHOWN(text) SHOWN_BYTES, (text), strlen(text) > SHOWN_BYTES ? "..." : ""

/* Replaces control characters by '?': a value from outside must not forge lines of the log. */
static inline void one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

#endif
