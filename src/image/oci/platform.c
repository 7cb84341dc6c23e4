/* platform.c -- which entry of an index this machine (or the asked-for platform) runs.
 *
 * An architecture with variants becomes a level, a number that grows: "v7" is 7.0, "v8.2" is 8.2.
 * A processor of one level runs what was built for that level and those below, and for some
 * architectures also what was built for an older one (rows of `runs`). The rank of an entry is
 * its distance from the bottom of that list, so the best entry is the one with the highest. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "image/oci.h"

struct spelling {
	const char *said, *architecture, *variant; /* variant NULL: as it was said */
};

/* uname(2)'s machine names, Debian's, and what people type; first match wins. */
static const struct spelling spellings[] = {
	{ "x86_64", "amd64", NULL },    { "x86-64", "amd64", NULL },
	{ "aarch64", "arm64", NULL },   { "armv8l", "arm", "v8" },
	{ "armv7l", "arm", "v7" },      { "armv6l", "arm", "v6" },
	{ "armv5tel", "arm", "v5" },    { "armv5tejl", "arm", "v5" },
	{ "armhf", "arm", "v7" },       { "armel", "arm", "v6" },
	{ "i386", "386", NULL },        { "i486", "386", NULL },
	{ "i586", "386", NULL },        { "i686", "386", NULL },
	{ "ppc64el", "ppc64le", NULL }, { "loongarch64", "loong64", NULL },
};

/* Known by name, so that one word alone says whether it is an architecture or a system. */
static const char *const architectures[] = { "386",      "amd64",   "arm",     "arm64", "loong64",
					     "mips64le", "ppc64le", "riscv64", "s390x" };
static const char *const systems[] = { "linux", "windows", "darwin", "freebsd" };

/* Everything at its lowest level where no variant is named. */
static const struct family {
	const char *architecture;
	unsigned lowest; /* major * 16 + minor */
} families[] = {
	{ "amd64", 1 * 16 }, { "arm64", 8 * 16 }, { "arm", 7 * 16 }, /* a bare "arm" means v7 */
};

static const struct {
	const char *want, *have;
	unsigned base; /* of the rank */
} runs[] = {
	{ "amd64", "amd64", 1000 }, { "amd64", "386", 1 }, { "arm64", "arm64", 1000 },
	{ "arm64", "arm", 1 },      { "arm", "arm", 1 },
};

static bool listed(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

#define LISTED(names, name) listed(names, sizeof(names) / sizeof((names)[0]), name)

static void normalise_architecture(struct oci_platform *platform)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (strcasecmp(platform->architecture, spellings[i].said) != 0)
			continue;
		platform->architecture = (char *)spellings[i].architecture;
		if (!platform->variant && spellings[i].variant)
			platform->variant = (char *)spellings[i].variant;
		return;
	}
}

/* The level of a variant ("v8.2", "8"), 0 when it is not of that form. */
static unsigned parse_level(const char *variant)
{
	const char *digits = variant[0] == 'v' ? variant + 1 : variant;
	size_t length = strlen(digits);

	if (length < 1 || digits[0] < '1' || digits[0] > '9')
		return 0;
	unsigned major = (unsigned)(digits[0] - '0') * 16;
	if (length == 1)
		return major;
	if (length == 3 && digits[1] == '.' && digits[2] >= '0' && digits[2] <= '9')
		return major + (unsigned)(digits[2] - '0');
	return 0;
}

static unsigned platform_level(const struct oci_platform *platform)
{
	if (platform->variant && *platform->variant)
		return parse_level(platform->variant);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (!strcmp(families[i].architecture, platform->architecture))
			return families[i].lowest;
	return 0;
}

/* Armv9.0 has everything of Armv8.5, v9.1 of v8.6, and so on. */
static bool level_runs(unsigned want, unsigned have)
{
	if (want >= 9 * 16 && have >= 8 * 16 && have < 9 * 16)
		return have - 8 * 16 <= want - 9 * 16 + 5;
	return have <= want;
}

static unsigned rank_levels(const struct oci_platform *want, const struct oci_platform *have,
			    unsigned base)
{
	unsigned most = platform_level(want), level = platform_level(have);

	if (!strcmp(have->architecture, "386"))
		return base;
	if (!level || !most)
		return text_equal(want->variant, have->variant) ? base : 0;
	/* 32-bit code on a 64-bit processor: every level up to v8. */
	if (strcmp(want->architecture, have->architecture) != 0)
		return level <= 8 * 16 ? base + level : 0;
	return level_runs(most, level) ? base + level : 0;
}

unsigned oci_platform_rank(const struct oci_platform *want, const struct oci_platform *have)
{
	struct oci_platform offered = *have;

	if (!offered.os || !offered.architecture || !text_equal(want->os, offered.os))
		return 0;
	normalise_architecture(&offered);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (text_equal(want->architecture, runs[i].want) &&
		    text_equal(offered.architecture, runs[i].have))
			return rank_levels(want, &offered, runs[i].base);
	if (!text_equal(want->architecture, offered.architecture))
		return 0;
	bool none_named = !offered.variant || !*offered.variant;
	if (text_equal(want->variant, offered.variant))
		return 2;
	return none_named ? 1 : 0;
}

/* ---- this machine ------------------------------------------------------------------------------
 */

static const char *processor_level(void)
{
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
	if (__builtin_cpu_supports("x86-64-v4"))
		return "v4";
	if (__builtin_cpu_supports("x86-64-v3"))
		return "v3";
	if (__builtin_cpu_supports("x86-64-v2"))
		return "v2";
#endif
	return NULL;
}

void oci_platform_host(struct oci_platform *platform, struct arena *arena)
{
	struct utsname machine;

	*platform = (struct oci_platform){ .os = arena_string(arena, "linux") };
	uname(&machine);
	platform->architecture = arena_string(arena, machine.machine);
	normalise_architecture(platform);
	if (text_equal(platform->architecture, "amd64"))
		platform->variant = arena_string(arena, processor_level());
}

/* ---- as text -----------------------------------------------------------------------------------
 */

static bool word_valid(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_.-")];
}

static int parse_one_word(char *word, struct oci_platform *platform, const char *text,
			  struct error *err)
{
	if (LISTED(systems, word)) {
		platform->os = word;
		return 0;
	}
	*platform = (struct oci_platform){ .os = platform->os, .architecture = word };
	normalise_architecture(platform);
	if (!LISTED(architectures, platform->architecture))
		return fail(err, EINVAL,
			    "platform \"%.80s\": neither an operating system nor "
			    "an architecture that is known",
			    text);
	return 0;
}

int oci_platform_parse(const char *text, struct oci_platform *platform, struct arena *arena,
		       struct error *err)
{
	struct strings words = strings_split(text, '/', arena);

	for (size_t i = 0; i < words.count; i++)
		if (!word_valid(words.items[i]))
			return fail(err, EINVAL,
				    "platform \"%.80s\": must be OS/ARCHITECTURE[/VARIANT]", text);
	if (words.count > 3)
		return fail(err, EINVAL, "platform \"%.80s\": more than three parts", text);
	oci_platform_host(platform, arena);
	if (words.count == 1)
		return parse_one_word(words.items[0], platform, text, err);
	*platform = (struct oci_platform){ .os = words.items[0],
					   .architecture = words.items[1],
					   .variant = words.count > 2 ? words.items[2] : NULL };
	normalise_architecture(platform);
	return 0;
}

char *oci_platform_format(const struct oci_platform *platform, struct arena *arena)
{
	bool variant = platform->variant && *platform->variant;

	return arena_format(arena, "%s/%s%s%s", platform->os ? platform->os : "unknown",
			    platform->architecture ? platform->architecture : "unknown",
			    variant ? "/" : "", variant ? platform->variant : "");
}

/* ---- out of an index ---------------------------------------------------------------------------
 */

static const char *own_artifact_type(const struct oci_descriptor *entry)
{
	return entry->artifact_type && *entry->artifact_type ? entry->artifact_type : NULL;
}

/* How much this entry is wanted: an entry with a platform by its rank (from 3), else a nested
 * index (2), else a manifest (1). */
static unsigned rank_entry(const struct oci_descriptor *entry, const struct oci_platform *want)
{
	enum oci_kind kind = oci_media_type(entry->media_type)->kind;

	if (kind != OCI_INDEX && kind != OCI_MANIFEST)
		return 0;
	if (entry->platform && entry->platform->architecture && *entry->platform->architecture) {
		unsigned rank = oci_platform_rank(want, entry->platform);

		return rank ? rank + 2 : 0;
	}
	if (own_artifact_type(entry))
		return 0;
	return kind == OCI_INDEX ? 2 : 1;
}

static void add_offered(const struct oci_index *index, struct text *offered)
{
	auto_arena struct arena arena = { 0 };

	for (size_t i = 0; i < index->manifests.count && offered->length < 400; i++) {
		const struct oci_descriptor *entry = &index->manifests.items[i];
		const struct oci_platform *platform = entry->platform;
		enum oci_kind kind = oci_media_type(entry->media_type)->kind;

		if (!platform || text_equal(platform->os, "unknown") ||
		    (kind != OCI_INDEX && kind != OCI_MANIFEST))
			continue;
		text_format(offered, "%s%s", offered->length ? ", " : "",
			    oci_platform_format(platform, &arena));
	}
}

static int report_none(const struct oci_index *index, const struct oci_platform *want,
		       struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text offered = { 0 };

	add_offered(index, &offered);
	return fail(err, ENOENT, "no image for %s; there is %s", oci_platform_format(want, &arena),
		    offered.length ? offered.data : "none for any platform");
}

int oci_index_select(const struct oci_index *index, const struct oci_platform *want,
		     const struct oci_descriptor **chosen, struct error *err)
{
	unsigned best = 0;

	for (size_t i = 0; i < index->manifests.count; i++) {
		unsigned rank = rank_entry(&index->manifests.items[i], want);

		if (rank <= best)
			continue;
		best = rank;
		*chosen = &index->manifests.items[i];
	}
	return best ? 0 : report_none(index, want, err);
}
