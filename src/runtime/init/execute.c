/* execute.c -- find the program and become it. */
#include <linux/prctl.h>
#include <sys/mman.h>

#include "base/below.h"
#include "calls.h"
#include "init.h"

#define PASSWD_MOST (1 << 20)

/* Could it be executed? -EISDIR and -EACCES as execvp(3) would say. */
static int check_executable(const char *path)
{
	struct statx status;
	int result = call_statx(AT_FDCWD, path, 0, &status);

	if (result < 0)
		return result;
	if (S_ISDIR(status.stx_mode))
		return -EISDIR;
	if (!(status.stx_mode & 0111))
		return -EACCES;
	return 0;
}

static bool has_slash(const char *name)
{
	while (*name && *name != '/')
		name++;
	return *name != '\0';
}

static int join_path(char *path, const char *directory, size_t length, const char *name)
{
	if (length + 1 + text_length(name) >= INIT_PATH)
		return -ENAMETOOLONG;
	memcpy(path, directory, length);
	path[length] = '/';
	text_copy(path + length + 1, name, INIT_PATH - length - 1);
	return 0;
}

/* The first element of PATH that has it; relative elements do not count. */
static int search_path(struct init *init, const char *name, const char *search)
{
	int result = -ENOENT;

	while (*search) {
		size_t length = 0;
		int found;

		while (search[length] && search[length] != ':')
			length++;
		if (*search == '/' && join_path(init->executable, search, length, name) == 0) {
			found = check_executable(init->executable);
			if (found == 0)
				return 0;
			if (found == -EACCES)
				result = found;
		}
		search += length + (search[length] == ':');
	}
	return result;
}

/* At create, so that a missing program is an error of `create` and not of `start`. A name with a
 * slash is looked up from the working directory, as the execve(2) later does. */
int init_step_EXECUTABLE(struct init *init, const struct step *step)
{
	const char *name = init_text(init, step->text[0]);
	const char *cwd = init_text(init, step->text[2]);
	int result = 0;

	if (!has_slash(name)) {
		result = search_path(init, name, init_text(init, step->text[1]));
	} else if (*name == '/') {
		if (text_copy(init->executable, name, INIT_PATH) >= INIT_PATH)
			result = -ENAMETOOLONG;
	} else {
		result = join_path(init->executable, cwd, text_length(cwd), name);
	}
	if (result == 0)
		result = check_executable(init->executable);
	/* As execve(2) would say; of "permission denied" docker makes 126. */
	if (result == -EISDIR)
		result = -EACCES;
	if (result < 0) {
		init_detail(init, name);
		return init_failed(init, "stat", result);
	}
	return 0;
}

/* The directory must be inside the root: getcwd(2) answers "(unreachable)…" for one that is not
 * (CVE-2024-21626: /proc/self/fd/N as cwd). */
static int check_reachable(struct init *init)
{
	char path[INIT_PATH];
	long length = kernel_call(__NR_getcwd, path, sizeof(path));

	if (length > 0 && path[0] == '/')
		return 0;
	init_detail(init, "the directory is outside the container");
	return init_failed(init, "getcwd", length < 0 ? length : -EPERM);
}

/* Through the resolver, which refuses magic links: /proc/self/fd/N is no working directory. */
static int enter_directory(const struct init *init, const char *path)
{
	int fd = below_open(init->root, path, O_PATH | O_DIRECTORY);
	int result;

	if (fd < 0)
		return fd;
	result = (int)kernel_call(__NR_fchdir, fd);
	call_close(fd);
	return result;
}

int init_step_CWD(struct init *init, const struct step *step)
{
	const char *path = init_text(init, step->text[0]);
	bool early = step->number[1];
	int result;

	if (init->changed_directory)
		return 0;
	result = enter_directory(init, path);
	if (result == -EACCES && early) /* perhaps the user may */
		return 0;

	if (result == -ENOENT && step->number[0]) {
		int fd = below_make_directory(init->root, path, 0755);

		if (fd < 0)
			return init_failed(init, "mkdirat", fd);
		call_close(fd);
		result = enter_directory(init, path);
	}
	if (result < 0)
		return init_failed(init, "chdir", result);
	init->changed_directory = true;
	return check_reachable(init);
}

struct file_text {
	char *bytes;
	size_t length;
};

/* /etc/passwd of the container: a regular file of bounded size, or nothing. */
static struct file_text read_passwd(const struct init *init)
{
	struct file_text text = { NULL, 0 };
	struct statx status;
	int fd = below_open(init->root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	long address;

	if (fd < 0)
		return text;
	if (call_statx(fd, "", AT_EMPTY_PATH, &status) == 0 && S_ISREG(status.stx_mode) &&
	    status.stx_size > 0 && status.stx_size <= PASSWD_MOST) {
		address = kernel_call(__NR_mmap, 0, PASSWD_MOST, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (address > 0) {
			long length = call_read(fd, (void *)address, PASSWD_MOST - 1);

			text.bytes = (char *)address;
			text.length = length > 0 ? (size_t)length : 0;
		}
	}
	call_close(fd);
	return text;
}

/* Cut the line that starts at `line` into its fields in place; returns the next line. */
static char *cut_line(char *line, char *end, char *fields[7])
{
	int field = 0;

	for (int i = 0; i < 7; i++)
		fields[i] = "";
	fields[0] = line;
	for (; line < end && *line != '\n'; line++)
		if (*line == ':') {
			*line = '\0';
			if (++field < 7)
				fields[field] = line + 1;
		}
	*line = '\0';
	return line + 1;
}

/* From /etc/passwd, else "/" (as runc). */
int init_step_HOME(struct init *init, const struct step *step)
{
	struct file_text passwd = read_passwd(init);
	char *line = passwd.bytes, *end = passwd.bytes + passwd.length;
	size_t prefix = text_copy(init->home, "HOME=", INIT_PATH);
	char wanted[24];

	text_decimal(wanted, step->number[0]);
	text_copy(init->home + prefix, "/", INIT_PATH - prefix);
	while (line && line < end) {
		char *fields[7];

		line = cut_line(line, end, fields);
		if (text_same(fields[2], wanted) && *fields[5]) {
			text_copy(init->home + prefix, fields[5], INIT_PATH - prefix);
			return 0;
		}
	}
	return 0;
}

int init_step_EXEC(struct init *init, const struct step *step)
{
	const struct plan_list *arguments = init_list(init, step->text[0]);
	const struct plan_list *environment = init_list(init, step->text[1]);
	size_t count = (size_t)arguments->count + environment->count + 3;
	long address = kernel_call(__NR_mmap, 0, count * sizeof(char *), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char **argv = (char **)address, **envp;
	uint32_t used = 0;
	long result;

	if (address < 0 && address > -4096)
		return init_failed(init, "mmap", address);
	for (uint32_t i = 0; i < arguments->count; i++)
		argv[i] = (char *)init_text(init, arguments->item[i]);
	envp = argv + arguments->count + 1;
	for (; used < environment->count; used++)
		envp[used] = (char *)init_text(init, environment->item[used]);
	if (*init->home)
		envp[used] = init->home;
	for (int i = 0; i < 2; i++)
		if (init->hook_output[i] > 0)
			call_close(init->hook_output[i]);
	result = kernel_call(__NR_execve, init->executable, argv, envp);
	init_detail(init, init->executable);
	if (result == -ENOENT)
		name_missing_interpreter(init, init->executable);
	return init_failed(init, "execve", result);
}
