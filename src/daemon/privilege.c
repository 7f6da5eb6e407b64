/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving privileges up. */
#include "daemon/privilege.h"

#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int privilege_find_user(const char *name, struct privilege_user *out)
{
	const struct passwd *entry = NULL;

	if (name[0] != '\0') {
		entry = getpwnam(name);
	} else {
		entry = getpwnam("mpbridge");
		if (!entry)
			entry = getpwnam("nobody");
	}
	if (!entry) {
		log_error("there is no user \"%s\" for the workers: name another one with \"user\"",
			  name[0] != '\0' ? name : "nobody");
		return -ENOENT;
	}
	*out = (struct privilege_user){entry->pw_uid, entry->pw_gid};
	return 0;
}

/* The bounding set: what an exec could bring back. Unknown to the kernel: the list's end. */
static void drop_bounding_set(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
}

/* What changing the user does not do: where there is no change, or something is kept. */
static int drop_capabilities(bool keeps_raw)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const uint32_t kept = keeps_raw ? 1u << CAP_NET_RAW : 0;
	const struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = kept, .permitted = kept}};
	int error;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	error = syscall(SYS_capset, &header, left) < 0 ? -errno : 0;
	if (error < 0 && keeps_raw)
		log_error("\"transparent_source\" takes CAP_NET_RAW: run as root or with that");
	return error;
}

int privilege_drop(const struct privilege_user *user, bool keeps_raw)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (geteuid() != 0)
		return drop_capabilities(keeps_raw);
	drop_bounding_set();
	if (keeps_raw)
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	/* changing all three user ids away from root clears every other capability, see
	 * capabilities(7) */
	if (setgroups(0, NULL) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return drop_capabilities(keeps_raw); /* "user" may be root itself */
}

void privilege_hide_memory(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef MPBRIDGE_SANITIZED
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
