/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a batch of `nft -f -` with one mistake changes nothing; one that replaces a table is
 * applied as a whole, and other tables stay.
 * Relied on by nothing yet: `intercept`.
 * Kernel: net/netfilter/nf_tables_api.c, nf_tables_abort().
 */
#include "platform.h"

int main(void)
{
	platform_begin("an nft batch is applied as a whole or not at all");
	platform_run("nft 'add table inet foreign; add table inet ours; add chain inet ours old'");
	PLATFORM_EXPECT(platform_lines("printf 'delete table inet ours\\nadd table inet ours\\n"
				       "add rule inet ours absent accept\\n' | nft -f - 2>&1") > 0,
			"no complaint about a mistake");
	PLATFORM_EXPECT(platform_lines("nft list table inet ours | grep 'chain old'") == 1,
			"the table changed by a batch that failed");
	platform_run("printf 'delete table inet ours\\nadd table inet ours\\n"
		     "add chain inet ours new\\n' | nft -f -");
	PLATFORM_EXPECT(platform_lines("nft list table inet ours | grep 'chain new'") == 1 &&
				platform_lines("nft list table inet ours | grep 'chain old'") == 0,
			"the batch not applied as a whole");
	PLATFORM_EXPECT(platform_lines("nft list tables | grep foreign") == 1,
			"a foreign table gone");
	return platform_ok();
}
