/* grammar.h -- the terminals of distribution/reference, each over the whole string. */
#ifndef REFERENCE_GRAMMAR_H
#define REFERENCE_GRAMMAR_H

#include <stdbool.h>

bool grammar_domain(const char *string);      /* host[:port], "[" ipv6 "]" [":" port] */
bool grammar_path(const char *string);        /* component *("/" component) */
bool grammar_tag(const char *string);         /* [\w][\w.-]{0,127} */
bool grammar_identifier(const char *string);  /* 64 lower-case hex digits: an image id */
bool grammar_layout_name(const char *string); /* org.opencontainers.image.ref.name */

#endif
