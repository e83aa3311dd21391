#!/bin/sh
# SPDX-License-Identifier: MIT
# Nothing in the repository names a place that only one machine has: no
# developer's folder, no package registry's host. A lock file names packages by
# version and hash, and npm fetches them from where it is set up to.
set -u

# A folder where people work, but not as the end of a longer path or address;
# /tmp and /run are everybody's.
folders='(^|[^[:alnum:]_.~)}*-])/(home|work|root|Users|mnt|srv/[a-z]+)/[[:alnum:]_.-]'
hosts='(registry|repo|proxy|index|packages|deb|archive|security|snapshot)\.'
hosts="$hosts(npmjs|npmmirror|yarnpkg|golang|debian|ubuntu|pypi|maven|crates)"
hosts="$hosts|pypi\.org|pythonhosted\.org|crates\.io|\.jfrog\.io|artifactory"

# find PATTERN WHAT FILES...: what is tracked or about to be.
find_words() {
	pattern=$1
	what=$2
	shift 2
	git grep -nIE --untracked -e "$pattern" -- "$@" ':!tests/lint/words.sh' |
		cut -c 1-160 | sed "s/^/$what: /"
}
[ -e .git ] || { echo "# not a git checkout: nothing to ask"; exit 0; }
git rev-parse --git-dir >/dev/null || exit 1
bad=$(
	find_words "$folders" 'a folder of one machine'
	find_words "$hosts" 'a package registry'
	find_words '"resolved"' 'a lock file names a host' '*package-lock.json'
)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
