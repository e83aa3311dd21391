#!/bin/sh
# SPDX-License-Identifier: MIT
# Case 45, the clock steps: what the proxy decides, it decides by the monotonic
# clock. The wall clock is read in one place, for the labels of records.
# clock.sh BUILD
set -u
: "${1:?build folder}"
objects=$(for source in proxy/*.c policy/*.c; do
	ls "$1/obj/${source%.c}.o"
done) || exit 1
wall='clock_wall_us|time|gettimeofday|clock_gettime|clock_read_us'
wall="$wall|ev_now|ev_time|ev_periodic_start|localtime(_r)?|gmtime(_r)?|mktime"
bad=$(for object in $objects; do
	[ "${object##*/}" = journal.o ] && continue
	nm -u "$object" | awk -v of="$object" 'NF == 2 { print $2, "in", of }'
done | grep -E "^($wall) ")
[ -z "$bad" ] || { echo "the wall clock is read:"; echo "$bad"; exit 1; }
# The check itself: the one place is found.
nm -u "$1/obj/proxy/journal.o" | grep -q -w clock_wall_us ||
	{ echo "journal.c no longer labels records; has this moved?"; exit 1; }
# Timers of the loop are relative (ev_timer), those of lines are absolute and
# monotonic.
! grep -n 'CLOCK_REALTIME' proxy/*.[ch] policy/*.[ch]
