/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The firewall's rules of a daemon: can they be made, and are they as they should be? */
#include "doctor/rules.h"

#include "firewall/nft.h"

#include <errno.h>
#include <inttypes.h>

/* The expressions that firewall/ruleset.c and firewall/marks.c make their tables of. */
#define TRIAL(chain, rules)                                                                        \
	"table inet mpbridge_trial {\n\tchain c {\n\t\ttype " chain "\n" rules "\t}\n}\n"
#define MANGLE	    "filter hook prerouting priority mangle"
#define TRANSPARENT "\t\tmeta nfproto ipv4 socket transparent 1 socket wildcard 0 accept\n"
#define TPROXY	    "\t\tmeta nfproto ipv4 meta l4proto tcp tproxy ip to :1\n"

static const char nothing_text[] = TRIAL(MANGLE, "");
static const char tproxy_text[] = TRIAL(MANGLE, TRANSPARENT TPROXY);
static const char redirect_text[] =
	TRIAL("nat hook prerouting priority dstnat", "\t\tmeta l4proto tcp redirect to :1\n");
static const char answers_text[] = TRIAL(MANGLE, TRANSPARENT);
static const char mark_text[] =
	TRIAL("filter hook output priority mangle", "\t\tip dscp set 0x01\n");

/* What all patients need together. */
struct needs {
	bool auto_mode, tproxy, redirect, answers, marks;
};

static void add_needs(struct needs *needs, const struct conf *conf)
{
	needs->answers = needs->answers || conf_shows_hosts(conf);
	needs->marks = needs->marks || conf_has_marks(conf);
	if (conf->role != CONF_CLIENT || !conf->intercept.is_given)
		return;
	switch (conf->intercept.mode) {
	case CONF_INTERCEPT_AUTO:
		needs->auto_mode = true;
		break;
	case CONF_INTERCEPT_TPROXY:
		needs->tproxy = true;
		break;
	case CONF_INTERCEPT_REDIRECT:
		needs->redirect = true;
		break;
	}
}

static bool is_taken(const char *text, char complaint[static 256])
{
	return nft_run(text, true, complaint) == 0;
}

static void say_no_tproxy(bool falls_back, const char *complaint, struct findings *findings)
{
	struct finding *finding =
		finding_add(findings, "no-tproxy", falls_back ? FINDING_WARNING : FINDING_ERROR);

	finding_say(finding->what, "nft takes no TPROXY (%s): %s", complaint,
		    falls_back ? "connections are taken over by REDIRECT"
			       : "\"intercept\" cannot be done as its \"mode\" says");
	finding_say(finding->remedy, "load nft_tproxy and nft_socket (kmod-nft-tproxy and "
				     "kmod-nft-socket on OpenWrt)");
	finding_say(finding->command, "modprobe nft_tproxy; modprobe nft_socket");
}

static void say_refused(const char *what, const char *complaint, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "nft-refuses", FINDING_ERROR);

	finding_say(finding->what, "nft does not take %s: %s", what, complaint);
	finding_say(finding->remedy, "run as root, with a kernel that has nftables and these "
				     "expressions");
	finding_say(finding->command, "nft list ruleset; modprobe nft_socket; modprobe nft_redir");
}

static void try_needs(const struct needs *needs, struct findings *findings)
{
	char complaint[256], again[256];

	if ((needs->tproxy || needs->auto_mode) && !is_taken(tproxy_text, complaint)) {
		bool falls_back = !needs->tproxy && is_taken(redirect_text, again);

		say_no_tproxy(falls_back, complaint, findings);
	}
	if (needs->redirect && !is_taken(redirect_text, complaint))
		say_refused("REDIRECT, which \"intercept\" needs", complaint, findings);
	if (needs->answers && !is_taken(answers_text, complaint))
		say_refused("\"socket transparent\", which \"transparent_source\" needs "
			    "(kmod-nft-socket on OpenWrt)",
			    complaint, findings);
	if (needs->marks && !is_taken(mark_text, complaint))
		say_refused("a rule that sets a packet's DSCP, which \"dscp\" needs", complaint,
			    findings);
}

/* A key of the configuration that is the reason; NULL: there is none. */
static const char *reason_of(const struct needs *needs)
{
	if (needs->answers)
		return "transparent_source";
	if (needs->auto_mode || needs->tproxy || needs->redirect)
		return "intercept";
	return needs->marks ? "dscp" : NULL;
}

void rules_try(const struct patient *const *patients, unsigned n, struct findings *findings)
{
	struct needs needs = {0};
	char complaint[256];
	struct finding *finding;
	int error;

	for (unsigned i = 0; i < n; i++)
		add_needs(&needs, &patients[i]->conf);
	if (!reason_of(&needs))
		return;
	error = nft_run(nothing_text, true, complaint);
	if (error == -ENOENT) {
		finding = finding_add(findings, "no-nft", FINDING_ERROR);
		finding_say(finding->what,
			    "there is no nft, which \"%s\" needs: its rules cannot be made",
			    reason_of(&needs));
		finding_say(finding->remedy, "install nftables");
		finding_say(finding->command, "nft --version");
	} else if (error < 0) {
		say_refused("a table", complaint, findings);
	} else {
		try_needs(&needs, findings);
	}
}

void rules_judge(const struct patient *patient, struct findings *findings)
{
	struct finding *finding;

	if (patient->lacks_rules) {
		finding = finding_add(findings, "rules-missing", FINDING_ERROR);
		finding_say(finding->what,
			    "the firewall's rules of this %s are not as they should be",
			    patient_role(patient));
		finding_say(finding->remedy, "its log says what nft or the kernel refused");
		finding_say(finding->command, "nft list ruleset");
	}
	if (patient->restored > 0) {
		finding = finding_add(findings, "rules-changed", FINDING_NOTE);
		finding_say(finding->what,
			    "another program has changed mpbridge's rules %" PRIu64 " times; they "
			    "were put back",
			    patient->restored);
		finding_say(finding->remedy, "none is needed; the log says which program it was");
		finding_say(finding->command, "nft monitor");
	}
}
