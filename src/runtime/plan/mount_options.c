/* mount_options.c -- read mount options by rows.
 *
 * Every row says what it does to the flags of mount(2), used for new file systems, and to the
 * attributes of mount_setattr(2), used for binds. Both are kept side by side, so that whoever plans
 * the mount takes what fits. r* options speak about the mount itself too, so they also settle its
 * own attribute; a plain option behind them settles it again. */
#include "mount_options.h"

#include <errno.h>
#include <string.h>

#include "mount_flags.h"
#include "runtime/plan.h"

enum effect {
	NOTHING,
	SET,
	CLEAR,
	SET_ALL, /* recursively */
	CLEAR_ALL,
	PROPAGATE,
	MARK,
};

/* ROW(name, effect, MS_* (PROPAGATE: the propagation), MOUNT_ATTR_* (MARK: the mark)) */
/* clang-format off */
#define MOUNT_OPTION_ROWS(ROW)                                                                     \
	ROW("async",          CLEAR,     MS_SYNCHRONOUS,  0)                                       \
	ROW("atime",          CLEAR,     MS_NOATIME,      MOUNT_ATTR_NOATIME)                      \
	ROW("bind",           SET,       MS_BIND,         0)                                       \
	ROW("copy-symlink",   MARK,      0,               MARK_COPY_LINK)                          \
	ROW("defaults",       NOTHING,   0,               0)                                       \
	ROW("dest-nofollow",  MARK,      0,               MARK_TARGET_LINK)                        \
	ROW("dev",            CLEAR,     MS_NODEV,        MOUNT_ATTR_NODEV)                        \
	ROW("diratime",       CLEAR,     MS_NODIRATIME,   MOUNT_ATTR_NODIRATIME)                   \
	ROW("dirsync",        SET,       MS_DIRSYNC,      0)                                       \
	ROW("exec",           CLEAR,     MS_NOEXEC,       MOUNT_ATTR_NOEXEC)                       \
	ROW("idmap",          MARK,      0,               MARK_IDMAP)                              \
	ROW("iversion",       SET,       MS_I_VERSION,    0)                                       \
	ROW("lazytime",       SET,       MS_LAZYTIME,     0)                                       \
	ROW("loud",           CLEAR,     MS_SILENT,       0)                                       \
	ROW("mand",           SET,       MS_MANDLOCK,     0)                                       \
	ROW("noatime",        SET,       MS_NOATIME,      MOUNT_ATTR_NOATIME)                      \
	ROW("nodev",          SET,       MS_NODEV,        MOUNT_ATTR_NODEV)                        \
	ROW("nodiratime",     SET,       MS_NODIRATIME,   MOUNT_ATTR_NODIRATIME)                   \
	ROW("noexec",         SET,       MS_NOEXEC,       MOUNT_ATTR_NOEXEC)                       \
	ROW("noiversion",     CLEAR,     MS_I_VERSION,    0)                                       \
	ROW("nolazytime",     CLEAR,     MS_LAZYTIME,     0)                                       \
	ROW("nomand",         CLEAR,     MS_MANDLOCK,     0)                                       \
	ROW("norelatime",     CLEAR,     MS_RELATIME,     MOUNT_ATTR_RELATIME)                     \
	ROW("nostrictatime",  CLEAR,     MS_STRICTATIME,  MOUNT_ATTR_STRICTATIME)                  \
	ROW("nosuid",         SET,       MS_NOSUID,       MOUNT_ATTR_NOSUID)                       \
	ROW("nosymfollow",    SET,       0,               MOUNT_ATTR_NOSYMFOLLOW)                  \
	ROW("private",        PROPAGATE, MS_PRIVATE,               0)                              \
	ROW("rasync",         CLEAR,     MS_SYNCHRONOUS,  0)                                       \
	ROW("ratime",         CLEAR_ALL, MS_NOATIME,      MOUNT_ATTR_NOATIME)                      \
	ROW("rbind",          SET,       MS_BIND | MS_REC, 0)                                      \
	ROW("rdev",           CLEAR_ALL, MS_NODEV,        MOUNT_ATTR_NODEV)                        \
	ROW("rdiratime",      CLEAR_ALL, MS_NODIRATIME,   MOUNT_ATTR_NODIRATIME)                   \
	ROW("rdirsync",       SET,       MS_DIRSYNC,      0)                                       \
	ROW("relatime",       SET,       MS_RELATIME,     MOUNT_ATTR_RELATIME)                     \
	ROW("remount",        SET,       MS_REMOUNT,      0)                                       \
	ROW("rexec",          CLEAR_ALL, MS_NOEXEC,       MOUNT_ATTR_NOEXEC)                       \
	ROW("ridmap",         MARK,      0,               MARK_IDMAP | MARK_IDMAP_ALL)                             \
	ROW("rmand",          SET,       MS_MANDLOCK,     0)                                       \
	ROW("rnoatime",       SET_ALL,   MS_NOATIME,      MOUNT_ATTR_NOATIME)                      \
	ROW("rnodev",         SET_ALL,   MS_NODEV,        MOUNT_ATTR_NODEV)                        \
	ROW("rnodiratime",    SET_ALL,   MS_NODIRATIME,   MOUNT_ATTR_NODIRATIME)                   \
	ROW("rnoexec",        SET_ALL,   MS_NOEXEC,       MOUNT_ATTR_NOEXEC)                       \
	ROW("rnomand",        CLEAR,     MS_MANDLOCK,     0)                                       \
	ROW("rnorelatime",    CLEAR_ALL, MS_RELATIME,     MOUNT_ATTR_RELATIME)                     \
	ROW("rnostrictatime", CLEAR_ALL, MS_STRICTATIME,  MOUNT_ATTR_STRICTATIME)                  \
	ROW("rnosuid",        SET_ALL,   MS_NOSUID,       MOUNT_ATTR_NOSUID)                       \
	ROW("rnosymfollow",   SET_ALL,   0,               MOUNT_ATTR_NOSYMFOLLOW)                  \
	ROW("ro",             SET,       MS_RDONLY,       MOUNT_ATTR_RDONLY)                       \
	ROW("rprivate",       PROPAGATE, MS_PRIVATE | MS_REC,      0)                              \
	ROW("rrelatime",      SET_ALL,   MS_RELATIME,     MOUNT_ATTR_RELATIME)                     \
	ROW("rro",            SET_ALL,   MS_RDONLY,       MOUNT_ATTR_RDONLY)                       \
	ROW("rrw",            CLEAR_ALL, MS_RDONLY,       MOUNT_ATTR_RDONLY)                       \
	ROW("rshared",        PROPAGATE, MS_SHARED | MS_REC,       0)                              \
	ROW("rslave",         PROPAGATE, MS_SLAVE | MS_REC,        0)                              \
	ROW("rstrictatime",   SET_ALL,   MS_STRICTATIME,  MOUNT_ATTR_STRICTATIME)                  \
	ROW("rsuid",          CLEAR_ALL, MS_NOSUID,       MOUNT_ATTR_NOSUID)                       \
	ROW("rsymfollow",     CLEAR_ALL, 0,               MOUNT_ATTR_NOSYMFOLLOW)                  \
	ROW("rsync",          SET,       MS_SYNCHRONOUS,  0)                                       \
	ROW("runbindable",    PROPAGATE, MS_UNBINDABLE | MS_REC,   0)                              \
	ROW("rw",             CLEAR,     MS_RDONLY,       MOUNT_ATTR_RDONLY)                       \
	ROW("shared",         PROPAGATE, MS_SHARED,                0)                              \
	ROW("silent",         SET,       MS_SILENT,       0)                                       \
	ROW("slave",          PROPAGATE, MS_SLAVE,                 0)                              \
	ROW("src-nofollow",   MARK,      0,               MARK_SOURCE_LINK)                        \
	ROW("strictatime",    SET,       MS_STRICTATIME,  MOUNT_ATTR_STRICTATIME)                  \
	ROW("suid",           CLEAR,     MS_NOSUID,       MOUNT_ATTR_NOSUID)                       \
	ROW("symfollow",      CLEAR,     0,               MOUNT_ATTR_NOSYMFOLLOW)                  \
	ROW("sync",           SET,       MS_SYNCHRONOUS,  0)                                       \
	ROW("tmpcopyup",      MARK,      0,               MARK_COPY_UP)                            \
	ROW("unbindable",     PROPAGATE, MS_UNBINDABLE,            0)
/* clang-format on */

static const struct option_effect {
	const char *name;
	enum effect effect;
	uint64_t flags;
	uint64_t attribute;
} option_effects[] = {
#define OPTION_EFFECT(name, effect, flags, attribute) { name, effect, flags, attribute },
	MOUNT_OPTION_ROWS(OPTION_EFFECT)
};

#define OPTION_COUNT (sizeof(option_effects) / sizeof(option_effects[0]))

const char *const plan_mount_option_names[] = {
#define OPTION_NAME(name, effect, flags, attribute) name,
	MOUNT_OPTION_ROWS(OPTION_NAME) NULL
};

static const struct option_effect *find_option(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!strcmp(option_effects[i].name, name))
			return &option_effects[i];
	return NULL;
}

static bool is_atime_mode(const struct option_effect *option)
{
	return option->flags & MS_ATIME_MODES;
}

static void set_flags(uint64_t *flags, const struct option_effect *option)
{
	if (is_atime_mode(option))
		*flags &= ~(uint64_t)MS_ATIME_MODES;
	*flags |= option->flags;
}

static void set_attribute(struct mount_attributes *attributes, const struct option_effect *option)
{
	if (is_atime_mode(option)) {
		attributes->set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		attributes->clear |= MOUNT_ATTR__ATIME;
	} else {
		attributes->clear &= ~option->attribute;
	}
	attributes->set |= option->attribute;
}

/* "nostrictatime" behind "noatime" has nothing to undo. */
static void clear_attribute(struct mount_attributes *attributes, const struct option_effect *option)
{
	if (!is_atime_mode(option)) {
		attributes->set &= ~option->attribute;
		attributes->clear |= option->attribute;
		return;
	}
	if ((attributes->set & MOUNT_ATTR__ATIME) == option->attribute)
		attributes->set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	attributes->clear |= MOUNT_ATTR__ATIME;
}

static void forget_attribute(struct mount_attributes *attributes,
			     const struct option_effect *option)
{
	uint64_t bits = is_atime_mode(option) ? MOUNT_ATTR__ATIME : option->attribute;

	attributes->set &= ~bits;
	attributes->clear &= ~bits;
}

static void apply(struct mount_options *options, const struct option_effect *option)
{
	switch (option->effect) {
	case NOTHING:
		break;
	case SET:
		set_flags(&options->flags, option);
		set_attribute(&options->own, option);
		break;
	case CLEAR:
		options->flags &= ~option->flags;
		clear_attribute(&options->own, option);
		break;
	case SET_ALL:
		set_flags(&options->flags, option);
		forget_attribute(&options->own, option);
		set_attribute(&options->recursive, option);
		break;
	case CLEAR_ALL:
		options->flags &= ~option->flags;
		forget_attribute(&options->own, option);
		clear_attribute(&options->recursive, option);
		break;
	case PROPAGATE:
		options->propagation = option->flags;
		break;
	case MARK:
		options->marks |= (unsigned)option->attribute;
		break;
	}
}

/* "idmap=uids=0-1000-1;gids=0-1000-1": crun's mapping in the option itself. */
static bool is_idmap_with_value(const char *name)
{
	return text_starts(name, "idmap=") || text_starts(name, "ridmap=");
}

static void read_idmap(struct mount_options *options, const char *text)
{
	options->marks |= MARK_IDMAP | (*text == 'r' ? MARK_IDMAP_ALL : 0);
	options->idmap = strchr(text, '=') + 1;
}

static bool is_data(const char *name)
{
	return !find_option(name) && !is_idmap_with_value(name);
}

/* Options of the file system's own, as mount(2) takes them: joined by commas. */
static const char *join_data(const struct strings *list, struct arena *arena)
{
	size_t length = 0, used = 0;
	char *data;

	for (size_t i = 0; i < list->count; i++)
		length += is_data(list->items[i]) ? strlen(list->items[i]) + 1 : 0;
	data = arena_alloc(arena, length + 1);
	for (size_t i = 0; i < list->count; i++) {
		if (!is_data(list->items[i]))
			continue;
		if (used)
			data[used++] = ',';
		memcpy(data + used, list->items[i], strlen(list->items[i]));
		used += strlen(list->items[i]);
	}
	return data;
}

static int refuse_data(const struct strings *list, const char *where, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!is_data(list->items[i]))
			continue;
		fail(err, EINVAL,
		     "unknown mount option \"%s\": a bind mount has no options of a filesystem",
		     list->items[i]);
		return fail_where(err, "%s.options[%zu]", where, i);
	}
	return 0;
}

int mount_options_read(const struct strings *list, bool type_bind, const char *where,
		       struct arena *arena, struct mount_options *options, struct error *err)
{
	*options = (struct mount_options){ .flags = type_bind ? MS_BIND : 0 };
	for (size_t i = 0; i < list->count; i++) {
		const struct option_effect *option = find_option(list->items[i]);

		if (option)
			apply(options, option);
		else if (is_idmap_with_value(list->items[i]))
			read_idmap(options, list->items[i]);
	}
	options->data = join_data(list, arena);
	return options->flags & MS_BIND ? refuse_data(list, where, err) : 0;
}
