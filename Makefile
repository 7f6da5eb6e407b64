# SPDX-License-Identifier: GPL-3.0-or-later
# The few words that people type; meson does the work.
BUILD = build
PREFIX ?= /usr/local
BENCH ?= all

.PHONY: all check install bench lint clean deb

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) -Dtests=false --prefix=$(PREFIX)

check:
	@./check

install: all
	@meson install -C $(BUILD) --no-rebuild

# make bench BENCH=bonding|ciphers|congestion|copying|gaps|memory|reload|start; BENCH=secondary, which
# bench/secondary/__init__.py explains, or BENCH=failover with CASES,
# RUNS, SECONDS and VERBOSE=1, which bench/failover/__init__.py explains
bench: all
	@tools/deps bench
	@/usr/bin/python3 -m bench $(BENCH)

lint:
	@tools/lint

clean:
	rm -rf $(BUILD)

# build/deb/mpbridge_VERSION_ARCHITECTURE.deb, with the source package beside it
deb:
	@tools/deps deb
	@tools/deb
