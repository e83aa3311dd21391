#!/bin/sh
# SPDX-License-Identifier: MIT
# Every source says its licence in its first line, or in the second after #!.
# Maps, configurations, JSON and prose need not: they are covered by LICENSE.
set -u
files=$(find . \( -name '.*' ! -name . -o -name 'build*' -o \
	-name node_modules -o -path ./tests/config \) -prune -o -type f \( \
	-name '*.[ch]' -o -name '*.js' -o -name '*.mjs' -o -name '*.css' -o \
	-name '*.py' -o -name '*.sh' -o -name '*.mk' -o -name '*.sql' -o \
	-path './tests/lint/*' \) -print)
[ -n "$files" ] || { echo "found no source"; exit 1; }
bad=$(for file in $files; do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
		echo "$file"
done)
[ -z "$bad" ] || { echo "no SPDX line:"; echo "$bad"; exit 1; }
