#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom: every #include "..." is written from the root and names
# a folder that its own folder may use.
set -u

# allow FILES ALLOWED: prints the lines whose include does not begin like that.
allow() {
	# shellcheck disable=SC2086
	grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null $1 |
		grep -vE "\"($2)"
}
bad=$(
	allow "$(ls policy/*.[ch])" 'policy/'
	allow "$(ls gateway/*.[ch] | grep -vE 'gateway/(main|run)\.c')" 'gateway/'
	allow "$(ls proxy/*.[ch])" '(proxy|policy|gateway)/'
	allow "$(ls storage/*.[ch])" '(storage|policy|gateway)/'
	allow "$(ls web/*.[ch])" '(web|policy|gateway)/|storage/history\.h"'
	grep -nE '#[[:space:]]*include[[:space:]]*<' /dev/null policy/*.[ch] |
		grep -vE '<(float|limits|math|std(bool|def|int)|string)\.h>'
	allow "gateway/main.c gateway/run.c" '(gateway|policy|proxy|storage|web)/'
)
[ -z "$bad" ] || { echo "not allowed to include:"; echo "$bad"; exit 1; }
