# SPDX-License-Identifier: MIT
"""Every frame the house has seen is a row in txn. SECONDS=600 for the long
run."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main  # noqa: E402

SECONDS = float(os.environ.get("SECONDS_TO_RUN", "30"))
ASK_MS = 66  # 15 a second


def key(row):
    return (row["unit"], row["function"], row["address"], row["count"])


def house_counts(rig, side):
    """How often each answered request was seen by the house."""
    counts = {}
    for row in rig.rows(rig.frames):
        if row["side"] == side and row["result"] == "ok":
            at = tuple(int(v) for v in key(row))
            counts[at] = counts.get(at, 0) + 1
    return counts


def table_counts(rig, side):
    return {tuple(row[:4]): row[4] for row in rig.query(
        "SELECT unit, function, address, count, count(*) FROM txn"
        " WHERE side=? AND outcome='ok' GROUP BY 1,2,3,4", side)}


def every_frame_is_a_row():
    with Rig(ask_ms=ASK_MS, baud=38400) as rig:
        rig.wait_active()
        time.sleep(SECONDS)  # the run itself, not a wait for something
        rig.tell("ask stop")
        rig.stop()
        for side, least in (("inverter", 14), ("meter", 4)):
            house, table = house_counts(rig, side), table_counts(rig, side)
            missing = sum(max(0, n - table.get(k, 0))
                          for k, n in house.items())
            seen = sum(house.values())
            print(f"# measured {side}: {seen} frames seen by the house, "
                  f"{sum(table.values())} rows, {missing} missing")
            assert missing == 0 and seen > SECONDS * least
        check_bytes(rig)


def check_bytes(rig):
    """The inverter's answers, byte for byte, in order."""
    house = [r["response"].lower() for r in rig.rows(rig.frames)
             if r["side"] == "inverter" and r["result"] == "ok"]
    table = [r[0].hex() for r in rig.query(
        "SELECT response FROM txn WHERE side='inverter' AND outcome='ok'"
        " ORDER BY id")]
    # The house keeps the registers alone: unit, function, count in front and
    # the CRC behind are not among them.
    payload = [t[6:-4] if len(h) == len(t) - 10 else t
               for h, t in zip(house, table)]
    assert house == payload[:len(house)]


main([every_frame_is_a_row])
