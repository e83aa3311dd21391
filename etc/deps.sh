#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, and nothing when nothing is: deps.sh build|test|lint
# Build: what compiles and runs gridshim. Test: the foreign programs it is
# checked with, besides. Lint: and what reads the sources.
set -eu

build='gcc make pkg-config libmodbus-dev libev-dev libsqlite3-dev
libmicrohttpd-dev libcyaml-dev libyaml-dev libjansson-dev libsodium-dev
libcurl4-openssl-dev nodejs npm'
test="$build clang libclang-rt-14-dev libcmocka-dev mbpoll sqlite3 curl
chromium prometheus python3 universal-ctags binutils procps util-linux"
lint='clang-tidy clang-format'
# A node from elsewhere brings its own npm, and Debian's would fight it.
if command -v npm >/dev/null 2>&1; then
	build=$(echo "$build" | sed 's/nodejs npm//')
	test=$(echo "$test" | sed 's/nodejs npm//')
fi

case ${1:-} in
build) want=$build ;;
test) want=$test ;;
lint) want="$test $lint" ;;
*) echo "usage: deps.sh build|test|lint" >&2; exit 64 ;;
esac

missing=
for package in $want; do
	state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	[ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "please install as root:$missing" >&2
		exit 77
	fi
	sudo=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $sudo apt-get update -q &&
	$sudo apt-get install -q -y --no-install-recommends $missing; } \
	>"$log" 2>&1; then
	tail -20 "$log" >&2
	exit 69
fi
