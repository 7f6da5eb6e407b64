/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks: methods of 2022 and auth-only take no header whose time is more than 30 s off. */
#include "doctor/clock.h"

#include <inttypes.h>
#include <sys/timex.h>

#define BUILT_S 1767225600ULL /* 2026: before this program was built */

bool clock_is_synchronised(void)
{
	struct timex clock = {0};

	return adjtimex(&clock) != TIME_ERROR || !(clock.status & STA_UNSYNC);
}

static void say_remedy(struct finding *finding)
{
	finding_say(finding->remedy, "run an NTP client on both routers");
	finding_say(finding->command, "date -u");
}

static void judge_refused(const struct patient *patient, const struct patient *before,
			  struct findings *findings)
{
	bool is_now = before && patient->refused_for_time > before->refused_for_time;
	struct finding *finding;

	if (patient->refused_for_time == 0)
		return;
	finding = finding_add(findings, "clock", is_now ? FINDING_ERROR : FINDING_NOTE);
	finding_say(finding->what,
		    "%" PRIu64 " connections since the start%s were refused because their time was "
		    "more than 30 s off: the clocks of the two routers differ%s",
		    patient->refused_for_time, is_now ? ", some of them just now," : "",
		    is_now ? "" : ", or did");
	say_remedy(finding);
}

void clock_judge(const struct patient *patient, const struct patient *before, uint64_t now_s,
		 bool is_synchronised, struct findings *findings)
{
	const struct method *method = patient->conf.method;
	struct finding *finding;

	judge_refused(patient, before, findings);
	if (!method || method->format != METHOD_2022)
		return;
	if (now_s < BUILT_S) {
		finding = finding_add(findings, "clock-unset", FINDING_ERROR);
		finding_say(finding->what,
			    "this router's clock has not been set, and method %s needs the time",
			    method->name);
		say_remedy(finding);
	} else if (!is_synchronised) {
		finding = finding_add(findings, "clock-unsynchronised", FINDING_NOTE);
		finding_say(finding->what,
			    "nothing keeps this router's clock right, says the kernel; method %s "
			    "allows 30 s between the two routers",
			    method->name);
		say_remedy(finding);
	}
}
