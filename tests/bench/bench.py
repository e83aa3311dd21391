# SPDX-License-Identifier: MIT
"""gridshim beside others, on the same lines, in the same run, in turns: trust
the ratios, not the times.

  make bench [BENCH="serial tcp gateway age"] [ROUNDS=3]

More in the environment: BAUDS=9600,0 (0: a line without pacing) for all parts;
REQUESTS of serial; CLIENTS and SECONDS_EACH of tcp and gateway; AGE_S of age;
PEER_MBUSD, an mbusd to measure beside. Exits with 1 when a target is missed.
"""
import os
import sys

import age_part
import gateway_part
import serial_part
import tcp_part
from contest import Targets

PARTS = {"serial": serial_part, "tcp": tcp_part, "gateway": gateway_part,
         "age": age_part}


def main():
    names = (sys.argv[1:] or os.environ.get("BENCH", "").split() or
             list(PARTS))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"no such part: {' '.join(unknown)}; "
                 f"there are {' '.join(PARTS)}")
    targets = Targets()
    for name in names:
        PARTS[name].run(targets)
    if targets.missed:
        print("\nmissed:")
        for said in targets.missed:
            print(f"  {said}")
    sys.exit(1 if targets.missed else 0)


main()
