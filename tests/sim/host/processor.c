/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A processor for the bare guests of the lab's lab-p2m: 32-bit, without page tables, and with no
 * more instructions than these use.
 */
#include "host.h"

#include <string.h>

#define MAX_CODE 8 /* bytes of an instruction */
#define APIC_BASE 0xfee00000u
#define APIC_VERSION 0x50014u
#define IDLE_MS 5u

struct step {
    struct vcpu *v;
    struct sim_registers r;
    uint8_t code[MAX_CODE];
};

static bool access_memory(struct step *s, enum access how, enum access_by by, uint32_t address,
                          void *data, size_t bytes)
{
    return vcpu_access(s->v, how, by, address / PAGE_BYTES, address % PAGE_BYTES, data, bytes);
}

static uint32_t immediate(const struct step *s, size_t at)
{
    uint32_t value;

    memcpy(&value, s->code + at, sizeof(value));
    return value;
}

/* --- Instructions: false if the domain is dying. --- */

static bool load_eax(struct step *s)
{
    return access_memory(s, ACCESS_READ, BY_VCPU, s->r.esi, &s->r.eax, sizeof(s->r.eax));
}

static bool store_eax(struct step *s)
{
    return access_memory(s, ACCESS_WRITE, BY_VCPU, s->r.edi, &s->r.eax, sizeof(s->r.eax));
}

static bool store_ebx_at_esi(struct step *s)
{
    return access_memory(s, ACCESS_WRITE, BY_VCPU, s->r.esi, &s->r.ebx, sizeof(s->r.ebx));
}

static bool store_ebx_at_edi(struct step *s)
{
    return access_memory(s, ACCESS_WRITE, BY_VCPU, s->r.edi, &s->r.ebx, sizeof(s->r.ebx));
}

static bool store_mark(struct step *s)
{
    uint32_t mark = immediate(s, 3);

    return access_memory(s, ACCESS_WRITE, BY_VCPU, s->r.edi + s->code[2], &mark, sizeof(mark));
}

/* From the APIC, which makes Xen emulate all of the instruction. */
static bool push_memory(struct step *s)
{
    uint32_t value = APIC_VERSION;

    if ((immediate(s, 2) & ~0xfffu) != APIC_BASE)
        complain("a push of %#x is not simulated", immediate(s, 2));
    s->r.esp -= sizeof(value);
    return access_memory(s, ACCESS_WRITE, BY_XEN_UNTRANSLATED, s->r.esp, &value, sizeof(value));
}

static bool pause_a_little(struct step *s)
{
    host_lock();
    host_wait_ms(IDLE_MS);
    s->v->domain->cpu_ns += IDLE_MS * 1000000;
    host_unlock();
    return true;
}

static bool jump(struct step *s)
{
    s->r.eip += (uint32_t)(int8_t)s->code[1];
    return true;
}

static const struct {
    uint8_t opcode[2];
    size_t opcode_bytes, bytes;
    bool (*execute)(struct step *s);
} instructions[] = {
    {{0x8b, 0x06}, 2, 2, load_eax},         {{0x89, 0x07}, 2, 2, store_eax},
    {{0x89, 0x1e}, 2, 2, store_ebx_at_esi}, {{0x89, 0x1f}, 2, 2, store_ebx_at_edi},
    {{0xc7, 0x47}, 2, 7, store_mark},       {{0xff, 0x35}, 2, 6, push_memory},
    {{0xf3, 0x90}, 2, 2, pause_a_little},   {{0xeb}, 1, 2, jump},
};

static bool execute(struct step *s)
{
    if (!access_memory(s, ACCESS_READ, BY_VCPU, s->r.eip, s->code, sizeof(s->code)))
        return false;
    for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        if (memcmp(s->code, instructions[i].opcode, instructions[i].opcode_bytes))
            continue;
        s->r.eip += (uint32_t)instructions[i].bytes;
        return instructions[i].execute(s);
    }
    complain("instruction %02x %02x is not simulated", s->code[0], s->code[1]);
    return false;
}

void processor_start(struct vcpu *v, const struct sim_registers *registers)
{
    v->registers = *registers;
    v->nr_starts++;
    host_changed();
}

/* What is done meanwhile is of no effect on registers that were set anew. */
void *processor_run(void *vcpu)
{
    struct vcpu *v = vcpu;
    struct step s = {.v = v};
    unsigned int start;
    bool alive;

    do {
        host_lock();
        while (!v->nr_starts)
            host_wait();
        start = v->nr_starts;
        s.r = v->registers;
        host_unlock();
        alive = execute(&s);
        host_lock();
        if (v->nr_starts == start)
            v->registers = s.r;
        host_unlock();
    } while (alive);
    return NULL;
}
