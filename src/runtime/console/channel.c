/* channel.c -- one direction of a relay: a buffer between two descriptors.
 *
 * Reading stops while the buffer is full, so that a reader that stops stops the writer too, and
 * never this process: the other direction and the signals go on. */
#include "channel.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

void channel_open(struct channel *channel, int from, int to)
{
	channel->from = from;
	channel->to = to;
	channel->ended = channel->broken = false;
	channel->start = channel->end = 0;
}

bool channel_has_output(const struct channel *channel)
{
	return channel->end > channel->start;
}

bool channel_wants_input(const struct channel *channel)
{
	return !channel->ended &&
	       (!channel_has_output(channel) || channel->end < sizeof(channel->bytes));
}

static bool can_try_again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* A pty's master fails with EIO once nobody holds the slave: its end. */
bool channel_fill(struct channel *channel)
{
	ssize_t count;

	if (!channel_wants_input(channel))
		return false;
	if (!channel_has_output(channel))
		channel->start = channel->end = 0;
	count = read(channel->from, channel->bytes + channel->end,
		     sizeof(channel->bytes) - channel->end);
	if (count > 0) {
		channel->end += (size_t)count;
		return true;
	}
	if (count == 0 || !can_try_again())
		channel->ended = true;
	return false;
}

/* A pipe that poll(2) calls writable takes PIPE_BUF bytes without blocking. */
void channel_drain(struct channel *channel)
{
	size_t length = channel->end - channel->start;
	ssize_t count = 0;

	if (length > 0 && !channel->broken)
		count = write(channel->to, channel->bytes + channel->start,
			      length < PIPE_BUF ? length : PIPE_BUF);
	if (count < 0 && !can_try_again())
		channel->broken = true;
	if (channel->broken)
		channel->start = channel->end;
	else if (count > 0)
		channel->start += (size_t)count;
}
