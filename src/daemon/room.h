/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An empty place instead of the file system. */
#ifndef MPBRIDGE_ROOM_H
#define MPBRIDGE_ROOM_H

enum room {
	ROOM_ALONE, /* nothing is mounted but an empty root, read-only */
	ROOM_EMPTY, /* the root is an empty directory that has been removed */
	ROOM_OPEN,  /* the file system is as before */
};

/*
 * Takes the file system away from this process, for good: the best that it may do. Needs
 * CAP_SYS_ADMIN (ROOM_ALONE) or CAP_SYS_CHROOT (ROOM_EMPTY), so it is done before privileges are
 * dropped. *error is 0 for ROOM_ALONE, or else the -errno for which that was not to be had. Open
 * descriptors stay; none of them may be of a directory. Leaves nothing behind, however the process
 * ends.
 */
enum room room_enter(int *error);

#endif
