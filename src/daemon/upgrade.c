/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upgrading: another program takes this one's place, in the same process and without losing a flow.
 */
#include "daemon/upgrade.h"

#include "base/lines.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/notify.h"
#include "daemon/resolve.h"
#include "daemon/worker.h"
#include "kernel/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Theory of operation. Who installs another version replaces the file of the program. A reload
 * finds that out and has the new program run twice. First as a child that tries: it reads the file,
 * asks the firewall, starts something like a worker, and promises to go on, or says why it cannot.
 * Then this program takes the file as it is, as with any reload, and what cannot be had is refused
 * while all is as it was. Only then does the new program take the place of this one, with exec():
 * the process keeps its number, its children and what it holds, and nobody outside has to be told.
 * What the program knew goes along as a text in memory (handover.h), and the descriptors that it
 * names. The file of the program is opened once: what takes over is what has been tried.
 *
 * The workers do not notice. The new program starts its own beside them, and those leave as they do
 * after a reload; the order to leave is the same in each version.
 */

#define TRIAL_MS       15000
#define ARGS_EXTRA     3
#define VARIABLE_BYTES 48

/* What /proc adds to the name of a file that was replaced after it had been run. */
static const char replaced_suffix[] = " (deleted)";

static void note_program(struct upgrade *upgrade)
{
	struct stat status;
	ssize_t length = readlink("/proc/self/exe", upgrade->path, sizeof(upgrade->path) - 1);
	ssize_t suffix_at;

	upgrade->path[length > 0 ? length : 0] = '\0';
	if (length <= 0 || stat("/proc/self/exe", &status) < 0) {
		upgrade->path[0] = '\0';
		return;
	}
	suffix_at = length - (ssize_t)strlen(replaced_suffix);
	if (suffix_at > 0 && strcmp(upgrade->path + suffix_at, replaced_suffix) == 0)
		upgrade->path[suffix_at] = '\0';
	upgrade->device = status.st_dev;
	upgrade->inode = status.st_ino;
}

bool upgrade_is_due(const struct upgrade *upgrade)
{
	struct stat status;

	return upgrade->path[0] && stat(upgrade->path, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_dev != upgrade->device || status.st_ino != upgrade->inode);
}

/* ---- running the program ---- */

struct start {
	const struct conf_source *source;
	char *words; /* the flags, which may have a password among them */
	char **argv;
	char **environment;
	char variable[VARIABLE_BYTES];
	char program[VARIABLE_BYTES]; /* the file that was opened */
};

static void start_exit(struct start *start)
{
	if (!start->source)
		return;
	secret_free(start->words, start->source->words_bytes);
	free(start->argv);
	free(start->environment);
	*start = (struct start){0};
}

static unsigned count_environment(void)
{
	unsigned n = 0;

	while (environ[n])
		n++;
	return n;
}

/* The flags are those that this program was started with. */
static int start_init(struct start *start, struct upgrade *upgrade, bool is_trial, int handover_fd)
{
	static char try[] = UPGRADE_TRY;
	const struct conf_source *source = upgrade->parts->source;
	unsigned n = 0, n_environment = count_environment();
	char *word;

	*start = (struct start){.source = source};
	start->words = secret_alloc(source->words_bytes);
	start->argv = calloc((size_t)source->argc + ARGS_EXTRA, sizeof(char *));
	start->environment = calloc(n_environment + 2, sizeof(char *));
	if (!start->words || !start->argv || !start->environment) {
		start_exit(start);
		return -ENOMEM;
	}
	start->argv[n++] = upgrade->path;
	if (is_trial)
		start->argv[n++] = try;
	word = memcpy(start->words, source->words, source->words_bytes);
	for (int i = 0; i < source->argc; i++, word += strlen(word) + 1)
		start->argv[n++] = word;
	snprintf(start->variable, sizeof(start->variable), HANDOVER_VARIABLE "=%d", handover_fd);
	memcpy(start->environment, environ, n_environment * sizeof(char *));
	start->environment[n_environment] = start->variable;
	snprintf(start->program, sizeof(start->program), "/proc/self/fd/%d", upgrade->program_fd);
	return 0;
}

/* Where file names begin. */
static int go_home(const struct conf_source *source)
{
	return source->directory_fd >= 0 && fchdir(source->directory_fd) < 0 ? -errno : 0;
}

/* ---- the trial ---- */

struct trial {
	const struct conf_source *source;
	int handover_fd, program_fd;
};

/* If the program is a script, its interpreter reads it. */
static int prepare_trial(void *owner)
{
	const struct trial *trial = owner;

	if (fcntl(trial->handover_fd, F_SETFD, 0) < 0 || fcntl(trial->program_fd, F_SETFD, 0) < 0)
		return -errno;
	return go_home(trial->source);
}

/* What the program said, without what it calls itself. */
static void add_reasons(const char *text, struct messages *errors)
{
	static const char *const words[] = {"mpbridge: ", "error: "};
	char line[256];

	while (lines_next(&text, line, sizeof(line))) {
		const char *reason = line;

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strncmp(reason, words[i], strlen(words[i])) == 0)
				reason += strlen(words[i]);
		if (reason[0])
			messages_add(errors, "%s", reason);
	}
}

static void explain(int error, const struct command_result *result, struct messages *errors)
{
	if (error == -ETIMEDOUT)
		messages_add(errors, "the new program does not tell whether it can take over");
	else if (error == -ENOENT)
		messages_add(errors, "the new program cannot be run");
	else if (result->complaint)
		add_reasons(result->complaint, errors);
	if (errors->count == 0)
		messages_add(errors, "the new program is none that can take over; stop this one "
				     "and start that");
}

static bool has_promised(const struct command_result *result)
{
	return result->output &&
	       strncmp(result->output, UPGRADE_PROMISE, strlen(UPGRADE_PROMISE)) == 0;
}

static int run_trial(struct upgrade *upgrade, int handover_fd, struct messages *errors)
{
	struct trial trial = {upgrade->parts->source, handover_fd, upgrade->program_fd};
	struct command_result result = {0};
	struct start start;
	int error = start_init(&start, upgrade, true, handover_fd);
	const struct command command = {
		.program = start.program,
		.argv = start.argv,
		.environment = start.environment,
		.input = "",
		.limit_ms = TRIAL_MS,
		.prepare = prepare_trial,
		.owner = &trial,
	};

	if (error < 0)
		return error;
	error = command_run(&command, &result);
	if (error == 0 && !has_promised(&result))
		error = -EINVAL;
	if (error < 0)
		explain(error, &result, errors);
	command_result_free(&result);
	start_exit(&start);
	return error;
}

static int try_out(struct upgrade *upgrade, struct messages *errors)
{
	static struct handover handover; /* too large for a small stack */
	int error = handover_collect(&handover, upgrade->parts, upgrade->control_fd);
	int fd = error < 0 ? error : handover_write(&handover);

	if (fd < 0) {
		messages_add(errors, "nothing can be handed over: %s", strerror(-fd));
		return fd;
	}
	error = run_trial(upgrade, fd, errors);
	close(fd);
	return error;
}

int upgrade_begin(struct upgrade *upgrade, int control_fd, struct messages *errors)
{
	int error;

	upgrade->control_fd = control_fd;
	upgrade->program_fd = open(upgrade->path, O_PATH | O_CLOEXEC);
	if (upgrade->program_fd < 0) {
		messages_add(errors, "the new program cannot be run");
		return -ENOENT;
	}
	error = try_out(upgrade, errors);
	if (error < 0)
		upgrade_give_up(upgrade);
	return error;
}

/* ---- the exec ---- */

/* Returns only if it fails. */
static int become(struct upgrade *upgrade, const struct handover *handover, int handover_fd)
{
	struct start start;
	int error = start_init(&start, upgrade, false, handover_fd);
	int here_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (error == 0)
		error = go_home(start.source);
	if (error == 0) {
		crew_kill_unreachable(&upgrade->parts->crew);
		handover_keep_open(handover, handover_fd, true);
		execve(start.program, start.argv, start.environment);
		error = -errno;
		handover_keep_open(handover, handover_fd, false);
	}
	if (here_fd >= 0) {
		if (fchdir(here_fd) < 0)
			log_debug("fchdir: %s", strerror(errno));
		close(here_fd);
	}
	start_exit(&start);
	return error;
}

static int take_over(struct upgrade *upgrade)
{
	const struct parts *parts = upgrade->parts;
	static struct handover handover;
	int error, fd;

	if (!crew_has_room(&parts->crew, parts->crew.outfit.n_workers))
		return -EBUSY;
	error = handover_collect(&handover, parts, upgrade->control_fd);
	fd = error < 0 ? error : handover_write(&handover);
	if (fd < 0)
		return fd;
	log_info("upgrading: %s takes over", upgrade->path);
	error = become(upgrade, &handover, fd);
	close(fd);
	return error;
}

static void on_task(struct task *task)
{
	struct upgrade *upgrade = container_of(task, struct upgrade, task);
	int error = take_over(upgrade);

	log_error("not upgraded: %s: %s", upgrade->path,
		  error == -EBUSY ? "there are no places for more workers" : strerror(-error));
	upgrade_give_up(upgrade);
	notify_send("READY=1");
}

void upgrade_init(struct upgrade *upgrade, struct parts *parts)
{
	upgrade->parts = parts;
	upgrade->program_fd = -1;
	task_init(&upgrade->task, on_task);
	note_program(upgrade);
}

void upgrade_go_on(struct upgrade *upgrade)
{
	loop_put(&upgrade->parts->loop, &upgrade->task);
}

bool upgrade_has_begun(const struct upgrade *upgrade)
{
	return upgrade->program_fd >= 0;
}

void upgrade_give_up(struct upgrade *upgrade)
{
	list_remove(&upgrade->task.node);
	if (upgrade->program_fd >= 0)
		close(upgrade->program_fd);
	upgrade->program_fd = -1;
}

/* ---- the new program's side of the trial ---- */

static int check_room(const struct handover *handover, unsigned n_more)
{
	if (handover->n_workers + n_more <= BOARD_WORKERS_MAX)
		return 0;
	log_error("there are no places for more workers: too many are leaving, each with flows "
		  "that began before an earlier reload");
	return -EBUSY;
}

int upgrade_try(struct conf *conf, const struct handover *handover)
{
	struct privilege_user user;
	int error = privilege_find_user(conf->user, &user);

	if (error == 0)
		error = check_room(handover, parts_count_workers(conf));
	if (error == 0)
		error = resolve_servers(conf, &user);
	if (error == 0)
		error = manager_try(conf, NULL);
	if (error == 0)
		error = interception_try(conf, user.uid, &handover->interception);
	if (error == 0)
		error = marking_try(conf);
	if (error == 0)
		error = worker_try(conf, &user);
	return error;
}
