/* own.h -- ownership written in the declaration: an auto_ variable is released when it leaves
 * its scope; take_ hands it over. */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void own_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void own_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void own_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define auto_close    __attribute__((cleanup(own_close)))
#define auto_free     __attribute__((cleanup(own_free)))
#define auto_fclose   __attribute__((cleanup(own_fclose)))
#define auto_closedir __attribute__((cleanup(own_closedir)))

/* The descriptor's new owner is the caller of take_fd; the variable keeps -1. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define take_pointer(variable)                                                                     \
	__extension__({                                                                            \
		__typeof__(variable) taken = (variable);                                           \
		(variable) = NULL;                                                                 \
		taken;                                                                             \
	})

/* Close and forget; harmless on -1. */
static inline void close_fd(int *fd)
{
	own_close(fd);
	*fd = -1;
}

#endif
