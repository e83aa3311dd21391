#!/bin/sh
# SPDX-License-Identifier: MIT
# Every exported name of x.o begins with x_. main is the one exception.
# symbols.sh BUILD
set -u
: "${1:?build folder}"
seen=0
bad=0
for object in "$1"/obj/*/*.o; do
	source=${object#"$1"/obj/}
	source=${source%.o}.c
	# Left over from a source that is gone.
	[ -e "$source" ] || continue
	file=$(basename "$source" .c)
	seen=$((seen + 1))
	names=$(nm -g --defined-only "$object" | awk '{ print $3 }' |
		grep -v -E "^${file}_|^main$|^__(asan|odr_asan|ubsan|sancov)")
	[ -z "$names" ] || { echo "$object exports:" $names; bad=1; }
done
[ "$seen" -gt 0 ] || { echo "no objects in $1/obj"; exit 1; }
exit "$bad"
