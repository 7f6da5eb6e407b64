/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An empty place instead of the file system. */
#include "daemon/room.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Theory of operation. With CAP_SYS_ADMIN the process gets a mount namespace of its own, in which
 * an empty tmpfs becomes the root and everything else is unmounted; it vanishes with the process.
 * A container often has CAP_SYS_CHROOT only: there the root becomes a directory that was made for
 * it and removed again before anything could happen in it. In a removed directory nobody can make
 * anything, and it is gone when the process is (path_openat() and vfs_create() fail with ENOENT on
 * IS_DEADDIR, see fs/namei.c).
 */

#define SHELF	    "/dev" /* some directory that every system has; covered in our namespace only */
#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The working directory, a mount, becomes the root; what was there is unmounted. */
static int make_root(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		/* both are on "/" now, the old one on top, see pivot_root(2) */
		return umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
	/* the root that the kernel began with, an initramfs, can be covered only */
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

static int be_alone(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", SHELF, "tmpfs", MOUNT_FLAGS, "size=4k,mode=0555") < 0 || chdir(SHELF) < 0)
		return -errno;
	return make_root();
}

static int enter_removed(char *path)
{
	int error = 0;

	if (!mkdtemp(path))
		return -errno;
	if (chdir(path) < 0)
		error = -errno;
	if (rmdir(path) < 0 || (error == 0 && chroot(".") < 0))
		error = -errno;
	if (error < 0 && chdir("/") < 0)
		return -errno;
	return error;
}

static int be_in_nothing(void)
{
	char run[] = "/run/mpbridge-room-XXXXXX", tmp[] = "/tmp/mpbridge-room-XXXXXX";

	return enter_removed(run) == 0 ? 0 : enter_removed(tmp);
}

enum room room_enter(int *error)
{
	*error = be_alone();
	if (*error == 0)
		return ROOM_ALONE;
	return be_in_nothing() == 0 ? ROOM_EMPTY : ROOM_OPEN;
}
