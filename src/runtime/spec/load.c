/* load.c -- documents into structs: a bundle's config.json, a process for exec, resources for
 * update. The text of a config.json is kept: errors are rare, so the line of a JSON path is looked
 * up in it when one is to be told. */
#include "runtime/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"

enum { PROCESS_MOST = 1024 * 1024 }; /* of a process or resources file */

/* Members that the rest of the runtime relies on, whether the document has them or not. */
static void complete_process(struct spec_process *process, struct arena *arena)
{
	if (process && !process->user)
		process->user = arena_alloc(arena, sizeof(*process->user));
}

static void complete(struct spec *spec, struct arena *arena)
{
	complete_process(spec->process, arena);
	if (!spec->linux_)
		spec->linux_ = arena_alloc(arena, sizeof(*spec->linux_));
}

int spec_load_text(const char *text, size_t length, const char *name, struct arena *arena,
		   struct spec_document *document, struct error *err)
{
	*document = (struct spec_document){
		.name = arena_string(arena, name),
		.text = arena_copy(arena, text, length),
		.length = length,
	};
	TRY(json_read(&(struct json_source){ document->text, length, document->name }, &spec_shape,
		      &document->spec, arena, &document->notes, err));
	complete(&document->spec, arena);
	return 0;
}

int spec_load(const char *bundle, const char *config_name, struct arena *arena,
	      struct spec_document *document, struct error *err)
{
	auto_close int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_text struct text text = { 0 };
	const char *name = config_name ? config_name : "config.json";
	int result;

	if (dir < 0)
		return fail_call(err, "open", "cannot open bundle \"%s\"", bundle);
	result = file_read(dir, name, SPEC_DOCUMENT_MOST, &text, err);
	if (result == -ENOENT)
		return fail(err, ENOENT, "JSON specification file %s not found in \"%s\"", name,
			    bundle);
	TRY(result);
	return spec_load_text(text.data, text.length, name, arena, document, err);
}

/* "-" is standard input; its name then is *name. */
static int read_file(const char *path, size_t most, struct text *text, const char **name,
		     struct error *err)
{
	bool is_input = text_equal(path, "-");

	*name = is_input ? "standard input" : path;
	return is_input ? file_read_fd(STDIN_FILENO, *name, most, text, err)
			: file_read(AT_FDCWD, path, most, text, err);
}

/* An object that is a document of its own. */
static int load_object(const char *path, const struct json_shape *shape, void *object,
		       struct arena *arena, struct error *err)
{
	auto_text struct text text = { 0 };
	const char *name;

	TRY(read_file(path, PROCESS_MOST, &text, &name, err));
	return json_read(&(struct json_source){ text.data, text.length, name }, shape, object,
			 arena, NULL, err);
}

#define MOUNTS_FILE_ROWS(ROW, T) ROW(T, objects, mounts, "mounts", spec_mount, required)
JSON_STRUCT(mounts_file, MOUNTS_FILE_ROWS);
JSON_SHAPE(mounts_file, MOUNTS_FILE_ROWS);

#define AROUND_ARRAY "{\"mounts\":"

static bool is_array(const struct text *text)
{
	return text->length > 0 && text->data[strspn(text->data, " \t\r\n")] == '[';
}

int spec_load_mounts(const char *path, struct arena *arena, struct spec_document *document,
		     struct error *err)
{
	auto_text struct text text = { 0 }, whole = { 0 };
	bool array;
	struct mounts_file file;
	const char *name;

	TRY(read_file(path, SPEC_DOCUMENT_MOST, &text, &name, err));
	array = is_array(&text);
	text_add(&whole, array ? AROUND_ARRAY : "");
	text_add_bytes(&whole, text.data, text.length);
	text_add(&whole, array ? "}" : "");
	*document = (struct spec_document){
		.name = arena_string(arena, name),
		.text = arena_copy(arena, whole.data, whole.length),
		.length = whole.length,
		.front = array ? strlen(AROUND_ARRAY) : 0,
	};
	TRY(json_read(&(struct json_source){ document->text, whole.length, document->name,
					     document->front },
		      &mounts_file_shape, &file, arena, &document->notes, err));
	document->spec.mounts.items = file.mounts.items;
	document->spec.mounts.count = file.mounts.count;
	complete(&document->spec, arena);
	return 0;
}

int spec_load_process(const char *path, struct arena *arena, struct spec_process **process,
		      struct error *err)
{
	*process = arena_alloc(arena, sizeof(**process));
	TRY(load_object(path, &spec_process_shape, *process, arena, err));
	complete_process(*process, arena);
	return 0;
}

int spec_load_resources(const char *path, struct arena *arena, struct spec_resources **resources,
			struct error *err)
{
	*resources = arena_alloc(arena, sizeof(**resources));
	return load_object(path, &spec_resources_shape, *resources, arena, err);
}

/* Does the place begin with a member of the document? Other places (a container, a hook, a cgroup)
 * are complete as they are. */
static bool is_path(const char *where)
{
	size_t length = strcspn(where, ".[");

	for (size_t i = 0; i < spec_shape.count; i++)
		if (strlen(spec_shape.fields[i].key) == length &&
		    strncmp(spec_shape.fields[i].key, where, length) == 0)
			return true;
	return false;
}

/* A reader's error already begins with the document's name. */
static bool is_located(const struct spec_document *document, const struct error *err)
{
	const char *behind = text_after(err->where, document->name);

	return behind && (*behind == '\0' || *behind == ':' || *behind == ' ');
}

int spec_locate(const struct spec_document *document, struct error *err)
{
	char path[sizeof(err->where)];
	unsigned line, column;

	if (!err || is_located(document, err) || !is_path(err->where))
		return err ? -err->number : -EINVAL;
	memcpy(path, err->where, sizeof(path));
	err->where[0] = '\0';
	json_locate(document->text, document->length, path, &line,
		    &column); /* or what encloses it */
	if (line == 1 && column > document->front)
		column -= document->front;
	return fail_where(err, "%s: %s (line %u:%u)", document->name, path, line, column);
}
