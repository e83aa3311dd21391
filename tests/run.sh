#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs groups of tests and counts them: run.sh GROUP...
# A test is a program that exits with 0; what it prints is shown when it fails,
# or always with V=1. The last line is "N passed, N failed".
set -u
: "${B:?build folder}"
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# try NAME COMMAND...
try() {
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "  ok    $name ($(($(date +%s) - start)) s)"
		[ -z "${V:-}" ] || cat "$log"
		grep -E '^(#|measured)' "$log" | sed 's/^/          /'
	else
		failed=$((failed + 1))
		echo "  FAIL  $name ($(($(date +%s) - start)) s)"
		tail -60 "$log" | sed 's/^/          /'
	fi
}

unit() {
	for test in "$B"/test_*; do
		[ -x "$test" ] && [ ! -d "$test" ] || continue
		case $test in *.d) continue ;; esac
		try "unit/${test##*/}" "$test"
	done
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
	for test in build-san/test_*; do
		[ -x "$test" ] && try "sanitize/${test##*/}" "$test"
	done
	try "sanitize/gateway" env B=build-san python3 tests/pty/test_stale.py
}

# And everything by the other compiler.
clang() {
	try "clang/build" make -s -j2 B=build-clang CC=clang everything
}

# These mostly wait for a simulated house, so several run at a time; fault
# compares times, and runs alone.
pty() {
	logs=$(mktemp -d)
	for script in tests/house/selftest.py tests/pty/test_*.py; do
		(
			"$0" one "$script" >"$logs/${script##*/}" 2>&1
			echo $? >"$logs/${script##*/}.code"
		) &
	done
	wait
	for script in tests/house/selftest.py tests/pty/test_*.py; do
		try "pty/${script##*/}" sh -c 'cat "$1"; exit "$(cat "$1.code")"' \
			- "$logs/${script##*/}"
	done
	rm -rf "$logs"
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

if [ "$1" = one ]; then
	exec python3 "$2"
fi
for group in "$@"; do
	"$group"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
