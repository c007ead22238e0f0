/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bare guests run: 32-bit code without page tables, which goes anywhere and ends in a loop.
 * At edi are two words: a result, and a mark that the code has come to its end.
 */
    .section .rodata
    .code32

    .macro routine name
    .globl \name
\name:
    .endm

    .macro end_of name
    movl    $1, 4(%edi)
1:  pause
    jmp     1b
    .globl \name\()_end
\name\()_end:
    .endm

/* Reads the word at esi. */
    routine bare_read
    movl    (%esi), %eax
    movl    %eax, (%edi)
    end_of  bare_read

/* Writes ebx to the word at esi. */
    routine bare_write
    movl    %ebx, (%esi)
    movl    %ebx, (%edi)
    end_of  bare_write

/*
 * Pushes the local APIC's version register to the stack at esp. The processor does not do that
 * alone: reading the APIC makes Xen emulate the whole instruction.
 */
    routine bare_push
    pushl   0xfee00030
    end_of  bare_push

/* Hypercall with the arguments ebx and esi; eax is a page for Xen's code, ebp the entry in it. */
    routine bare_hypercall
    movl    $0x40000000, %ecx
    xorl    %edx, %edx
    wrmsr
    movl    %esi, %ecx
    call    *%ebp
    movl    %eax, (%edi)
    end_of  bare_hypercall

    .section .note.GNU-stack, "", @progbits
