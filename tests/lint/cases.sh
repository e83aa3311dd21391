#!/bin/sh
# SPDX-License-Identifier: MIT
# Each of the 61 fault cases has a test of its number: case_07_..., case_58_...
# 1-14 framing, 15-25 inverter's side, 26-36 meter's side, 37-47 lines and
# machine, 48-61 Modbus TCP.
set -eu
missing=
for n in $(seq -w 1 61); do
	grep -rqE --include='*.c' --include='*.py' "case_${n}_" tests/unit \
		tests/pty tests/fault || missing="$missing $n"
done
[ -z "$missing" ] || { echo "no test of case$missing"; exit 1; }
