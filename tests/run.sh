#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs groups of tests and counts them: run.sh GROUP...
# A test is a program that exits with 0; what it prints is shown when it fails,
# or always with V=1. The last line is "N passed, N failed".
set -u
: "${B:?build folder}"
passed=0
failed=0
took=
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# try NAME COMMAND...
try() {
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "  ok    $name (${took:-$(($(date +%s) - start))} s)"
		[ -z "${V:-}" ] || cat "$log"
		grep -E '^(#|measured)' "$log" | sed 's/^/          /'
	else
		failed=$((failed + 1))
		echo "  FAIL  $name (${took:-$(($(date +%s) - start))} s)"
		tail -60 "$log" | sed 's/^/          /'
	fi
}

# several GROUP SCRIPT_OR_PROGRAM...: a few at a time, then told in order.
several() {
	kind=$1
	shift
	logs=$(mktemp -d)
	printf '%s\n' "$@" | xargs -P "${JOBS:-6}" -I{} "$0" logged "$logs" {}
	for file; do
		out=$logs/${file##*/}
		took=$(cat "$out.took")
		try "$kind/${file##*/}" "$0" told "$out"
	done
	took=
	rm -rf "$logs"
}

# programs FOLDER: the unit tests built in it.
programs() {
	find "$1" -maxdepth 1 -type f -perm -u+x -name 'test_*' | sort
}

unit() {
	several unit $(programs "$B")
}

lint() {
	for script in tests/lint/*.sh; do
		try "lint/${script##*/}" sh "$script" "$B"
	done
}

# The same unit tests under the sanitizers, and the whole gateway with them.
sanitize() {
	export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
	try "sanitize/build" make -s -j2 B=build-san SAN=address,undefined \
		everything
	several sanitize $(programs build-san)
	try "sanitize/gateway" env B=build-san python3 tests/pty/test_stale.py
}

# And everything by the other compiler.
clang() {
	try "clang/build" make -s -j2 B=build-clang CC=clang everything
}

# These mostly wait for a simulated house; fault compares times, and runs alone.
pty() {
	several pty tests/house/selftest.py tests/pty/test_*.py
}

fault() {
	for script in tests/fault/test_*.py; do
		try "fault/${script##*/}" python3 "$script"
	done
}

browser() {
	try "browser/offset" python3 tests/browser/run.py
}

soak() {
	for script in tests/soak/*.py; do
		try "soak/${script##*/}" python3 "$script"
	done
}

tidy() {
	try "lint/clang-tidy" sh tests/lint/tidy "$B"
}

# Of several(), a process each. A failure is not xargs's to know.
case $1 in
logged)
	out=$2/${3##*/}
	start=$(date +%s)
	case $3 in
	*.py) python3 "$3" ;;
	*) "$3" ;;
	esac >"$out" 2>&1 </dev/null
	echo $? >"$out.code"
	echo $(($(date +%s) - start)) >"$out.took"
	exit 0
	;;
told)
	cat "$2"
	exit "$(cat "$2.code")"
	;;
esac
for group in "$@"; do
	"$group"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
