/* binds.c -- plan bind mounts and changes of existing mounts.
 *
 * A bind is cloned, given its attributes while nobody can see it, and attached by one move_mount.
 * What one mount_setattr(2) cannot say (some attributes for all mounts below, others for the top
 * alone; shared, but first cut off from the host) follows as TREE_ATTRIBUTES. REMOUNT is for mounts
 * of earlier entries; with MS_BIND it means attributes only.
 *
 * The source's own restrictions stay: a plain "rw" undoes an earlier "ro" or "rro", it does not
 * make a read-only source writable (rrw does). */
#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"

static bool is_empty(const struct mount_attributes *attributes)
{
	return !attributes->set && !attributes->clear;
}

/* `first` and then `second` on the same mount. */
static struct mount_attributes combine(const struct mount_attributes *first,
				       const struct mount_attributes *second)
{
	uint64_t set = (first->set & ~second->clear) | second->set;

	return (struct mount_attributes){
		.set = set,
		.clear = (first->clear | second->clear) & ~(set & ~(uint64_t)MOUNT_ATTR__ATIME),
	};
}

/* The mount's own attributes, without clearing what only the source has set. */
static struct mount_attributes own_attributes(const struct mount_options *options)
{
	uint64_t undoes = options->recursive.set | options->recursive.clear;

	if (options->flags & MS_ATIME_MODES)
		undoes |= MOUNT_ATTR__ATIME;
	return (struct mount_attributes){ options->own.set, options->own.clear & undoes };
}

static void set_attributes(struct draft *draft, const struct mount_draft *mount,
			   const struct mount_attributes *attributes, int slot)
{
	if (!is_empty(attributes))
		ADD(draft, TREE_ATTRIBUTES, place(draft, "%s.options", mount->where),
		    .number = { attributes->set, attributes->clear })
			->slot = slot;
}

static void set_propagation(struct draft *draft, const struct mount_draft *mount,
			    uint64_t propagation, int slot)
{
	ADD(draft, TREE_ATTRIBUTES, place(draft, "%s.options", mount->where),
	    .number = { 0, 0, propagation & ~(uint64_t)MS_REC, (propagation & MS_REC) != 0 })
		->slot = slot;
}

/* A clone made on the host is the peer of the host's mounts, all of them below it, too. What an
 * option says comes after they were cut off from the host, unless it says that itself, of all. */
static bool propagates_later(const struct draft *draft, const struct mount_options *options,
			     bool recursive)
{
	bool part_only = recursive && !(options->propagation & MS_REC);

	return options->propagation && (options->propagation & MS_SHARED || part_only) &&
	       draft->facts->privileged && !shares_with_host(draft);
}

static void attach(struct draft *draft, const struct mount_draft *mount, int slot)
{
	unsigned marks = mount->options->marks;
	bool nofollow = marks & MARK_TARGET_LINK, copy_link = marks & MARK_COPY_LINK;

	ADD(draft, ATTACH, place(draft, "%s.destination", mount->where), .text = { mount->target },
	    .number = { nofollow, copy_link })
		->slot = slot;
}

void plan_bind(struct draft *draft, const struct mount_draft *mount, const char *source,
	       bool recursive)
{
	const struct mount_options *options = mount->options;
	struct mount_attributes all = options->recursive, own = own_attributes(options);
	bool later = propagates_later(draft, options, recursive);
	struct tree tree = {
		.source = source,
		.where = place(draft, "%s.source", mount->where),
		.recursive = recursive,
		.nofollow = options->marks & (MARK_SOURCE_LINK | MARK_COPY_LINK),
		.propagation = options->propagation && !later ? options->propagation
							      : default_propagation(draft),
	};
	int slot;

	if (!recursive || is_empty(&all)) {
		own = combine(&all, &own);
		tree.set = own.set;
		tree.clear = own.clear;
		own = (struct mount_attributes){ 0 };
	} else {
		tree.set = all.set;
		tree.clear = all.clear;
		tree.recursive_attributes = true;
	}
	slot = plan_tree(draft, &tree);
	plan_id_map(draft, mount, slot);
	/* Before it can be seen: a running container would use what is still writable. */
	set_attributes(draft, mount, &own, slot);
	attach(draft, mount, slot);
	plan_report(draft, slot);
	if (later)
		set_propagation(draft, mount, options->propagation, slot);
}

static void change_attributes(struct draft *draft, const struct mount_draft *mount,
			      const struct mount_attributes *attributes, bool recursive)
{
	if (!is_empty(attributes))
		ADD(draft, REMOUNT, place(draft, "%s.options", mount->where),
		    .text = { mount->target },
		    .number = { MS_BIND, attributes->set, attributes->clear, 0, recursive });
}

/* Of a mount that an earlier entry made: of the mount with "bind", else of its file system. */
void plan_remount(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;
	uint64_t propagation = options->propagation;

	if (options->flags & MS_BIND) {
		change_attributes(draft, mount, &options->recursive, true);
		change_attributes(draft, mount, &options->own, false);
	} else {
		ADD(draft, REMOUNT, place(draft, "%s.options", mount->where),
		    .text = { mount->target, options->data },
		    .number = { options->flags, options->own.set & MOUNT_ATTR_NOSYMFOLLOW });
	}
	if (propagation)
		ADD(draft, REMOUNT, place(draft, "%s.options", mount->where),
		    .text = { mount->target },
		    .number = { MS_BIND, 0, 0, propagation & ~(uint64_t)MS_REC,
				(propagation & MS_REC) != 0 });
}
