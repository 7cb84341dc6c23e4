/* headers.h -- a strict look at every header of a tar archive, before libarchive reads it. */
#ifndef LAYER_HEADERS_H
#define LAYER_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define TAR_BLOCK 512

/* What the walk saw of one entry: libarchive must see the same. */
struct header_fact {
	char type;   /* the header's typeflag */
	bool sparse; /* stored in another size than it has */
	uint64_t size;
};

struct header_walk { /* start with { 0 } */
	unsigned char block[TAR_BLOCK];
	size_t have;      /* bytes of `block` */
	uint64_t skip;    /* bytes until the next header */
	uint64_t padding; /* how many of them are not content */
	char collecting;  /* 'x': what is skipped goes to `records` */
	size_t records_length;
	struct text records;
	bool sparse_continues; /* the next block extends an old GNU sparse header */
	int zero_blocks;
	bool ended;
	/* What a PAX header said about the next entry. */
	bool next_has_size, next_sparse;
	uint64_t next_size;
	/* Seen, not yet asked for. */
	struct header_fact *facts;
	size_t facts_at, facts_count, facts_size;
};

/* EBADMSG for what the rules refuse. */
int headers_look(struct header_walk *walk, const unsigned char *bytes, size_t length,
		 struct error *err);
/* The source ended: is it allowed here? */
int headers_end(const struct header_walk *walk, struct error *err);
/* How many bytes of padding the archive lacks: writers that never close theirs (umoci insert) end
 * it with the last byte of content, and everybody reads that. */
size_t headers_lacking(const struct header_walk *walk);
/* The next entry; false when the walk saw no more. */
bool headers_next(struct header_walk *walk, struct header_fact *fact);
void headers_close(struct header_walk *walk);

#endif
