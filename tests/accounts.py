# SPDX-License-Identifier: MIT
"""Three books that must tell the same: rows, counters, and the bytes that were
seen on the wire."""
import json
from collections import Counter

from rig import wait_for

# Counters of /api/v1/lines, and the outcome of their rows. A mismatch is not
# the end of a transaction.
OUTCOMES = {"ok": "ok", "exceptions": "exception", "silent": "silent",
            "superseded": "superseded", "timeouts": "timeout",
            "broken": "broken", "mismatches": "mismatch"}
# What may have been counted since the rows were read; all else stands still.
GOING_ON = {"ok": 15, "silent": 5}


def events(rig, line):
    lines = json.loads(rig.request("GET", "/api/v1/lines")[1])["lines"]
    return next(each["events"] for each in lines if each["name"] == line)


def rows(rig, line, since_us=0, until_us=1 << 62):
    """How often each outcome is among the line's rows."""
    return Counter(dict(rig.query(
        "SELECT outcome, count(*) FROM txn WHERE line = ? AND time_us >= ?"
        " AND time_us < ? GROUP BY outcome", line, since_us, until_us)))


def off(rig, line, going_on):
    told, found = events(rig, line), rows(rig, line)
    return {name: (told[name], found[row]) for name, row in OUTCOMES.items()
            if not 0 <= told[name] - found[row] <= going_on.get(name, 0)}


def agree(rig, *lines, going_on=GOING_ON):
    """Rows and counters of a gateway that was started once."""
    for line in lines:
        wait_for(f"rows and counters of {line} agree",
                 lambda: not off(rig, line, going_on), timeout=8)


def is_within(few, many):
    """Each of the few is among the many, in that order."""
    rest = iter(many)
    return all(any(each == other for other in rest) for each in few)


def frames(rig, side):
    """Registers of the answers that the house has seen or sent, in hex."""
    return [row["response"].lower() for row in rig.rows(rig.frames)
            if row["side"] == side and row["result"] == "ok"]


def kept(rig, side):
    """The same by the rows, whose frames are whole."""
    return [row[0].hex()[6:-4] for row in rig.query(
        "SELECT response FROM txn WHERE side = ? AND outcome = 'ok'"
        " ORDER BY id", side)]


def bytes_agree(rig):
    """What the inverter took is in the rows, and what the rows say of the
    meter, the meter has sent; byte for byte, in order."""
    taken = frames(rig, "inverter")
    wait_for("what the inverter took is in the rows",
             lambda: is_within(taken, kept(rig, "inverter")), timeout=5)
    had = kept(rig, "meter")
    assert is_within(had, frames(rig, "meter")), "the meter never said that"
    assert taken and had
