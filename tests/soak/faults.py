# SPDX-License-Identifier: MIT
"""An hour of mixed faults at 50 transactions a second: nothing grows, and no
wrong value is ever shown. SECONDS_TO_RUN= and SEED= change that.

What the inverter was told is held against what the meter had told within the
age limit, both by the house's own record of its frames.
"""
import json
import os
import random
import signal
import struct
import sys
import time
from bisect import bisect_left

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main, wait_for  # noqa: E402

SECONDS = int(os.environ.get("SECONDS_TO_RUN", "3600"))
SEED = int(os.environ.get("SEED", str(int(time.time()))))
LEASE_W = 500
LEASE_S = 15
MAX_AGE_US = 1_500_000


def mono_us():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class Faults:
    def __init__(self, rig, dice):
        self.rig = rig
        self.dice = dice
        self.leases = []  # (from, until), with the ramps around
        self.counts = {}

    def house(self, *commands, pause=1.0):
        for command in commands[:-1]:
            self.rig.tell(command)
        time.sleep(self.dice.uniform(0.05, pause))
        self.rig.tell(commands[-1])

    def silent(self):
        self.house("meter silent", "meter answer", pause=4.0)

    def late(self):
        self.house(f"meter late {self.dice.randrange(50, 900)}")

    def slow(self):
        self.house(f"meter delay {self.dice.randrange(20, 150)}",
                   "meter delay 5", pause=3.0)

    def spoilt(self):
        self.house(f"meter spoil {self.dice.randrange(1, 9)}")

    def noise(self):
        for _ in range(self.dice.randrange(1, 12)):
            self.rig.tell(f"noise {self.dice.choice(['meter', 'inv1'])}"
                          f" {self.dice.randrange(1, 300)}")
            time.sleep(self.dice.uniform(0, 0.1))

    def unplug(self):
        line = self.dice.choice(["meter", "inv1"])
        self.house(f"unplug {line}", f"plug {line}", pause=3.0)

    def kill(self):
        name = self.dice.choice(["web", "storage", "proxy"])
        os.kill(self.rig.child(name), signal.SIGKILL)

    def stop_storage(self):
        pid = self.rig.child("storage")
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.1, 0.7))
        os.kill(pid, signal.SIGCONT)

    def requests(self):
        for _ in range(200):
            try:
                self.rig.request("GET", self.dice.choice(
                    ["/api/v1/state", "/api/v1/lines", "/metrics", "/"]))
            except OSError:
                return

    def reload(self):
        os.kill(self.rig.gateway.pid, signal.SIGHUP)

    def lease(self):
        begin = mono_us()
        try:
            self.rig.offset(self.dice.choice([-LEASE_W, LEASE_W]), LEASE_S)
        except (OSError, AssertionError):
            return
        self.leases.append((begin, mono_us() + (LEASE_S + 8) * 1_000_000))

    def one(self):
        fault = self.dice.choice([
            self.silent, self.late, self.late, self.slow, self.spoilt,
            self.spoilt, self.noise, self.noise, self.noise, self.unplug,
            self.kill, self.stop_storage, self.requests, self.reload,
            self.lease])
        self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1
        fault()


def sizes(rig):
    """Memory (kB) and descriptors by process; the dead are left out."""
    found = {"gridshim": rig.gateway.pid, **rig.children()}
    result = {}
    for name, pid in found.items():
        try:
            with open(f"/proc/{pid}/status") as f:
                rss = next(int(line.split()[1]) for line in f
                           if line.startswith("VmRSS"))
            result[name] = (rss, len(os.listdir(f"/proc/{pid}/fd")))
        except (OSError, StopIteration):
            continue
    return result


def check_flat(samples):
    """The last third holds no more than the middle one, but for a little."""
    third = len(samples) // 3
    for name in samples[-1]:
        for kind, what, slack in ((0, "kB", 1.10), (1, "descriptors", 1.0)):
            def most(part):
                return max(s[name][kind] for s in part if name in s)
            before, after = most(samples[third:-third]), most(samples[-third:])
            print(f"# {name}: {before} then {after} {what}")
            assert after <= before * slack + (512 if kind == 0 else 2), name


def powers(rig):
    """(time, W) the meter told, and (begin, end, W) the inverter was told."""
    meter, inverter = [], []
    for row in rig.rows(rig.frames):
        # A late answer may still have been in time.
        if row["result"] not in ("ok", "late") or \
                row["function"] not in ("3", "4"):
            continue
        words = row["response"]
        address, at = int(row["address"]), int(row["mono_us"])
        if row["side"] == "meter" and address <= 52 and \
                address + int(row["count"]) >= 54:
            word = (52 - address) * 4
            meter.append((at, struct.unpack(
                ">f", bytes.fromhex(words[word:word + 8]))[0]))
        elif row["side"] == "inverter" and address == 0 and \
                int(row["count"]) == 65:
            inverter.append((at, at + int(row["latency_us"]), struct.unpack(
                ">h", bytes.fromhex(words[52:56]))[0]))
    return sorted(meter), inverter


def around(rig, at):
    """What happened in the seconds before."""
    return "".join(
        "\n" + ",".join(str(value)[:300] for value in row.values())
        for row in rig.rows(rig.frames)
        if at - 3_000_000 < int(row["mono_us"]) < at + 200_000)


def check_values(rig, leases):
    meter, inverter = powers(rig)
    times = [at for at, _ in meter]
    exact = moved = 0
    for begin, end, shown in inverter:
        low = bisect_left(times, begin - MAX_AGE_US - 250_000)
        told = [w for _, w in meter[low:bisect_left(times, end)]]
        assert told, f"{shown} W shown at {end} without a sample"
        nearest = min(told, key=lambda w: abs(w - shown))
        if abs(nearest - shown) <= 1:
            exact += 1
            continue
        assert any(a <= end and begin <= b for a, b in leases), \
            f"{shown} W shown at {end}: meter told {told}" + \
            around(rig, begin)
        assert abs(nearest - shown) <= LEASE_W + 1, \
            f"{shown} W shown at {end}: offset beyond the lease"
        moved += 1
    print(f"# {len(inverter)} answers, {exact} as the meter told,"
          f" {moved} moved by a lease, 0 wrong")
    assert exact > 0


def an_hour_of_mixed_faults():
    dice = random.Random(SEED)
    print(f"# seed {SEED}, {SECONDS} s")
    with Rig(baud=115200, poll_ms=50, ask_ms=35) as rig:
        rig.wait_active()
        faults = Faults(rig, dice)
        samples = []
        end = time.monotonic() + SECONDS
        told = time.monotonic()
        while time.monotonic() < end:
            faults.one()
            time.sleep(dice.uniform(0.5, 4.0))
            wait_for("it answers again", rig.is_active)
            samples.append(sizes(rig))
            if time.monotonic() - told > 300:
                told = time.monotonic()
                print(f"# {int(end - told)} s to go, {json.dumps(sizes(rig))}",
                      flush=True)
        print(f"# {json.dumps(faults.counts)}")
        frames = len(rig.rows(rig.frames))
        print(f"# {frames} frames, {frames / SECONDS:.0f} a second")
        check_values(rig, faults.leases)
        check_flat(samples)


main([an_hour_of_mixed_faults])
