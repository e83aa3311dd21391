#!/bin/sh
# SPDX-License-Identifier: MIT
# No source file over 500 lines, and no function over 60 but in tests.
set -u
files=$(find . \( -name '.*' ! -name . -o -name 'build*' -o \
	-name node_modules \) -prune -o -type f \( -name '*.[ch]' -o \
	-name '*.js' -o -name '*.mjs' -o -name '*.sh' -o -name '*.py' \) -print)
bad=$(wc -l $files | awk '$2 != "total" && $1 > 500 {
	print $2 ": " $1 " lines" }')
functions=$(ctags -x --c-kinds=f --_xformat='%e %n %F %N' \
	policy/*.c gateway/*.c proxy/*.c storage/*.c web/*.c |
	awk '{ print $1 - $2 + 1, $3 ":" $2, $4 }' | sort -n)
[ -n "$functions" ] || { echo "ctags found no function"; exit 1; }
long=$(echo "$functions" | awk '$1 > 60')
echo "$functions" | awk '{ n[NR] = $1 } END {
	printf "# %d functions: median %d, 90 %% %d, longest %d lines\n", NR,
	    n[int((NR + 1) / 2)], n[int(NR * 0.9)], n[NR] }'
[ -z "$bad$long" ] || { echo "too long:"; echo "$bad"; echo "$long"; exit 1; }
