/* shorten.h -- the same filter in fewer instructions. Private to security/. */
#ifndef SECURITY_SHORTEN_H
#define SECURITY_SHORTEN_H

#include "base/arena.h"
#include "verdicts.h"

/* A program that decides alike for every architecture, number and argument (which is proved each
 * time, not assumed), in the arena; the given one when that cannot be shortened. */
struct bpf shorten(const struct bpf *bpf, struct arena *arena);

#endif
