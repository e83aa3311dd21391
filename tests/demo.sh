#!/bin/sh
# SPDX-License-Identifier: MIT
# The simulated house with the real gateway in it, until Ctrl-C.
#   B=build DIR=folder PORT=8080 sh tests/demo.sh
# Without DIR: a folder that is gone afterwards. Without PORT: 8080 or the
# next one that is free.
set -u
: "${B:?build folder}"
DIR=${DIR:-}
PORT=${PORT:-}
READY_S=30
house=
gateway=
temporary=
kept=

say() { echo "demo: $*"; }

# stop PID: ends it, with patience for five seconds.
stop() {
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || return 0
	tries=0
	while kill -0 "$1" 2>/dev/null && [ $tries -lt 50 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

cleanup() {
	trap '' INT TERM HUP
	trap - EXIT
	stop "$gateway"
	stop "$house"
	if [ -n "$temporary" ]; then
		rm -rf "$temporary"
	elif [ -n "$kept" ]; then
		say "kept: $kept"
	fi
}

finish() {
	echo
	say "stopping"
	cleanup
	exit 0
}

fail() {
	say "$*" >&2
	for log in "$DIR/gridshim.log" "$DIR/house.log"; do
		[ -s "$log" ] || continue
		echo "--- the end of $log" >&2
		tail -n 15 "$log" >&2
	done
	cleanup
	exit 1
}

# taken PORT: somebody listens there, on any address.
taken() {
	hex=$(printf ':%04X' "$1")
	awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { found = 1 }
		END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

choose_port() {
	if [ -n "$PORT" ]; then
		case $PORT in
		*[!0-9]*) fail "PORT=$PORT is not a number" ;;
		esac
		if [ "$PORT" -lt 1 ] || [ "$PORT" -gt 65535 ]; then
			fail "PORT=$PORT is not from 1 to 65535"
		fi
		taken "$PORT" && fail "port $PORT is taken"
		return
	fi
	PORT=8080
	while taken "$PORT"; do
		PORT=$((PORT + 1))
	done
}

choose_dir() {
	if [ -z "$DIR" ]; then
		temporary=$(mktemp -d "${TMPDIR:-/tmp}/gridshim-demo.XXXXXX") ||
			fail "cannot make a temporary folder"
		DIR=$temporary
	else
		mkdir -p "$DIR" || fail "cannot make the folder DIR=$DIR"
		DIR=$(cd "$DIR" && pwd) || fail "cannot enter that folder"
	fi
	: >"$DIR/gridshim.log" && : >"$DIR/house.log" ||
		fail "cannot write in $DIR"
	[ -n "$temporary" ] || kept=$DIR
}

write_config() {
	cat >"$DIR/gridshim.yaml" <<END
site: {name: demo house, fuse_a: 25, phases: 3}
lines:
  - {name: meter, serial: "$DIR/meter", baud: 9600, format: 8N1}
  - {name: inv1, serial: "$DIR/inv1", baud: 9600, format: 8N1}
devices:
  - {name: grid, role: grid_meter, line: meter, unit: 1,
     map: eastron-sdm630, poll_ms: 200}
shown:
  - {name: solis-meter, line: inv1, unit: 1, map: acrel-1p-solis,
     mode: emulate, source: grid, limit_w: 3000, slew_w_per_s: 1000,
     max_age_ms: 1500}
policy: {mode: transparent}
storage: {path: "$DIR/history.db", commit_s: 2}
web: {listen: 127.0.0.1, port: $PORT}
END
}

start_house() {
	"$B/house" --dir "$DIR" --baud 9600 --ask-ms 500 --with-parent \
		--seed "$$" --truth "$DIR/truth.csv" --frames "$DIR/frames.csv" \
		>"$DIR/house.log" 2>&1 &
	house=$!
	tries=0
	until grep -q '^ready' "$DIR/house.log"; do
		kill -0 "$house" 2>/dev/null || fail "the house did not start"
		[ $tries -lt 100 ] || fail "the house is not ready after 10 s"
		sleep 0.1
		tries=$((tries + 1))
	done
}

# It ends with this script, however that ends.
start_gateway() {
	setpriv --pdeathsig TERM "$B/gridshim" run -c "$DIR/gridshim.yaml" \
		-m etc/maps >"$DIR/gridshim.log" 2>&1 &
	gateway=$!
}

is_active() {
	"$B/gridshim" status -c "$DIR/gridshim.yaml" -m etc/maps --json \
		</dev/null 2>/dev/null | grep -q '"state": *"active"'
}

wait_active() {
	tries=0
	until is_active; do
		kill -0 "$gateway" 2>/dev/null ||
			fail "the gateway did not start"
		kill -0 "$house" 2>/dev/null || fail "the house has ended"
		[ $tries -lt $((READY_S * 5)) ] ||
			fail "the shown meter does not answer after $READY_S s"
		sleep 0.2
		tries=$((tries + 1))
	done
}

invite() {
	cat <<END

  +----------------------------------------------------------------+
  |                                                                |
  |   $(printf '%-61s' "The page:  http://127.0.0.1:$PORT/")|
  |                                                                |
  +----------------------------------------------------------------+

  A simulated house: appliances, clouds, a battery and an inverter that
  asks its meter twice a second. gridshim sits on the wire between them.

  Try     set +500 W on the page: within seconds the house exports 500 W.
          Set -500 W: it draws 500 W. When the time is over it goes back.
  or so   $B/gridshim offset -c $DIR/gridshim.yaml 500 60
          $B/gridshim status -c $DIR/gridshim.yaml
  Faults  $B/house --tell $DIR 'meter silent'    (and 'meter answer')
          $B/house --tell $DIR 'load 3000'       (and 'auto')
          $B/house --tell $DIR 'unplug inv1'     (and 'plug inv1')

  Database  $DIR/history.db
  Truth     $DIR/truth.csv      what the house knows, ten times a second
  Frames    $DIR/frames.csv     every request on its wires
  Log       $DIR/gridshim.log

  Ctrl-C ends it.

END
}

trap finish INT TERM HUP
trap cleanup EXIT
choose_dir
choose_port
write_config
say "starting the house in $DIR"
start_house
say "starting the gateway"
start_gateway
say "waiting for the first answers of the meter"
wait_active
invite
while kill -0 "$gateway" 2>/dev/null && kill -0 "$house" 2>/dev/null; do
	sleep 1
done
kill -0 "$house" 2>/dev/null || fail "the house has ended by itself"
fail "the gateway has ended by itself"
