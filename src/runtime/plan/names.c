/* names.c -- numbers that have names, beside those of config.json itself (spec_names.h). */
#include "names.h"

#include <sys/stat.h>

#include "mount_flags.h"
#include "runtime/steps.h"

const struct spec_name mount_flag_names[] = {
	{ "remount", MS_REMOUNT },   { "bind", MS_BIND },
	{ "rec", MS_REC },           { "ro", MS_RDONLY },
	{ "nosuid", MS_NOSUID },     { "nodev", MS_NODEV },
	{ "noexec", MS_NOEXEC },     { "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },   { "mand", MS_MANDLOCK },
	{ "noatime", MS_NOATIME },   { "nodiratime", MS_NODIRATIME },
	{ "relatime", MS_RELATIME }, { "strictatime", MS_STRICTATIME },
	{ "lazytime", MS_LAZYTIME }, { "iversion", MS_I_VERSION },
	{ "silent", MS_SILENT },     { 0 },
};

const struct spec_name attribute_names[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
	{ "atime", MOUNT_ATTR__ATIME }, /* in a mask; the modes themselves: */
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ 0 },
};

/* linux/capability.h, up to Linux 6.18: numbers here, since older headers know fewer. */
const struct spec_name file_type_names[] = {
	{ "c", S_IFCHR }, { "u", S_IFCHR }, { "b", S_IFBLK }, { "p", S_IFIFO }, { 0 },
};

const struct spec_name phase_names[] = {
	{ "maps", PHASE_MAPS },
	{ "plan", PHASE_PLAN },
	{ "runtime-hooks", PHASE_RUNTIME_HOOKS },
	{ "created", PHASE_CREATED },
	{ "start", PHASE_START },
	{ "console", PHASE_CONSOLE },
	{ "listener", PHASE_LISTENER },
	{ "mounted", PHASE_MOUNTED },
	{ 0 },
};

const char *name_of(const struct spec_name *table, uint64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}
