#!/bin/sh
# SPDX-License-Identifier: MIT
# policy/ calls its own functions and a few of libc's that have no effects: no
# clock, file, memory or log can be reached from there. purity.sh BUILD
set -u
: "${1:?build folder}"
pure='memcpy|memset|memmove|memcmp|strcmp|strlen'
pure="$pure|fabs|fmin|fmax|round|lround|floor|ceil|sqrt|hypot|exp"
built='__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer)_.*'
own=$(nm -g --defined-only "$1"/obj/policy/*.o | awk 'NF == 3 { print $3 }' |
	paste -sd '|' -)
[ -n "$own" ] || { echo "no objects in $1/obj/policy"; exit 1; }
bad=$(nm -u "$1"/obj/policy/*.o | awk 'NF == 2 { print $2 }' | sort -u |
	grep -v -x -E "$own|$pure|$built")
[ -z "$bad" ] || { echo "policy/ is not pure:" $bad; exit 1; }
# A variable would be a memory of earlier calls.
bad=$(objdump -t "$1"/obj/policy/*.o | grep -E ' O (\.data|\.bss|\*COM\*)[^.]' |
	awk '{ print $NF }' | grep -v '^__')
[ -z "$bad" ] || { echo "policy/ has variables:" $bad; exit 1; }
