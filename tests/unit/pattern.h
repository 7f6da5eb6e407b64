/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes by which one sees where in a stream they belong, in pieces of any length. */
#ifndef MPBRIDGE_TEST_PATTERN_H
#define MPBRIDGE_TEST_PATTERN_H

#include "suite.h"

#include <stdlib.h>
#include <sys/socket.h>

#define PATTERN_PIECE_MOST 70000

static inline uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 31 + i / 251);
}

/* Sends up to `most` of them, from the one numbered `at` on: 1 to `piece` at once. How many. */
static inline size_t write_pattern(int fd, size_t at, size_t most, size_t piece)
{
	uint8_t bytes[PATTERN_PIECE_MOST];
	size_t n = 1 + (size_t)rand() % piece;
	ssize_t written;

	n = n < most ? n : most;
	for (size_t i = 0; i < n; i++)
		bytes[i] = pattern(at + i);
	written = send(fd, bytes, n, MSG_NOSIGNAL);
	return written < 0 ? 0 : (size_t)written;
}

/* Receives 1 to `piece` bytes at most, which are the pattern from its byte `at` on. How many. */
static inline size_t read_pattern(int fd, size_t at, size_t piece)
{
	uint8_t bytes[PATTERN_PIECE_MOST];
	ssize_t got = recv(fd, bytes, 1 + (size_t)rand() % piece, 0);

	for (ssize_t i = 0; i < got; i++)
		assert_int_equal(bytes[i], pattern(at + (size_t)i));
	return got < 0 ? 0 : (size_t)got;
}

#endif
