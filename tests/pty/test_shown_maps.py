# SPDX-License-Identifier: MIT
"""Every meter map, shown through the wire and read with libmodbus: each point
says what that meter would measure in the house, with and without an offset,
from a three-phase meter and from a single-phase one."""
import json
import math
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from maps import meters  # noqa: E402
from rig import BUILD, HOUSE, Rig, main, wait_for  # noqa: E402
from truth import SDM120, SDM630, TrueValues  # noqa: E402

AT_ONCE = 8  # shown meters of one gateway
OFFSET_W = 733
CONFIG = """\
site: {{name: test, fuse_a: 25, phases: 3}}
lines:
  - {{name: meter, serial: {dir}/meter, baud: {baud}, format: 8N1}}
  - {{name: inv2, serial: {dir}/inv2, baud: 115200, format: 8N1}}
devices:
  - {{name: grid, role: grid_meter, line: meter, unit: 1, map: {meter_map},
     poll_ms: {poll_ms}}}
shown:
{more_shown}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
"""
SHOWN = ("  - {{name: as-{map}, line: inv2, unit: {unit}, map: {map},"
         " source: grid, limit_w: 3000, slew_w_per_s: 100000,"
         " max_age_ms: 3000}}\n")
PHASES = ("_l1", "_l2", "_l3")
MOVED = ("active_power", "apparent_power", "power_factor", "current")
ADDED = ("active_power", "apparent_power", "reactive_power", "current")
SLACK_WH = 10  # that are counted between two readings


def family(name):
    return name[:-3] if name.endswith(PHASES) else name


class Wanted:
    """By name, what may stand there: the house's voltage wobbles."""

    def __init__(self, truth, phases, offset_w):
        self.truth = truth
        self.phases = phases
        self.offset_w = offset_w
        self.single = "active_power_l2" not in truth.lists

    def measured(self, name, moment):
        """In the house, as a meter of so many phases has it."""
        lists = self.truth.lists
        total = family(name)
        if self.phases == 1 or total == name:
            return lists[total][moment] if lists.get(total) else None
        if not self.single:
            return lists[name][moment] if lists.get(name) else None
        if not lists.get(total):
            return None
        share = total in ADDED or total.startswith("energy")
        return lists[total][moment] / (3 if share else 1)

    def moved(self, name, moment):
        value = self.measured(name, moment)
        if value is None or not self.offset_w or family(name) not in MOVED:
            return value
        suffix = name[len(family(name)):]
        if not suffix and self.phases == 3:
            parts = [self.moved(family(name) + p, moment) for p in PHASES]
            if family(name) != "power_factor":
                return sum(parts)
            return self.moved("active_power", moment) / \
                self.moved("apparent_power", moment)
        p, s, i, v = (self.measured(kind + suffix, moment) for kind in (
            "active_power", "apparent_power", "current", "voltage"))
        w = p + self.offset_w / (3 if suffix and self.phases == 3 else 1)
        va = math.sqrt(w * w + max(s * s - p * p, 0))
        return {"active_power": w, "apparent_power": va,
                "power_factor": w / va, "current": i + (va - s) / v}[
                    family(name)]

    def all(self, name):
        """None: the house's meter does not tell, and no rule makes it."""
        moments = range(-min(len(values) for values
                             in self.truth.lists.values() if values), 0)
        values = [self.moved(name, moment) for moment in moments]
        return None if None in values else values


def energy_wh(name, values):
    """The house's registers count kWh."""
    return [v * 1000 for v in values] if name.startswith("energy") else values


def check(shown_map, registers, wanted):
    for point in shown_map.points:
        values = wanted.all(point.name)
        if values is None:
            continue
        values = energy_wh(point.name, values)
        got = point.read(registers)
        slack = 2 * point.half(values[-1]) + abs(values[-1]) * 1e-6
        if family(point.name) in ADDED:
            slack *= 2
        if wanted.offset_w:
            slack += 0.02  # of floats in the house's own registers
        if point.name.startswith("energy"):
            slack += SLACK_WH
        if point.type[0] == "u" and family(point.name) == "power_factor":
            values = [abs(v) for v in values]
        assert any(abs(got - point.held(v)) <= slack for v in values), (
            f"{shown_map.file}: {point.name} at {point.address} is {got},"
            f" not {values[-1]} +- {slack}, offset {wanted.offset_w}")
    check_sums(shown_map, registers)


def check_sums(shown_map, registers):
    for total in ("active_power", "reactive_power", "current"):
        points = {p.name: p for p in reversed(shown_map.points)}
        if not all(total + p in points for p in ("",) + PHASES):
            continue
        read = {p: points[total + p].read(registers) for p in ("",) + PHASES}
        slack = 2 * sum(points[total + p].half(v) for p, v in read.items())
        assert abs(read[""] - sum(read[p] for p in PHASES)) <= slack, (
            shown_map.file, total, read)


def read(rig, shown_map, unit):
    registers = {}
    for address, count in shown_map.reads():
        out = subprocess.run(
            [os.path.join(BUILD, "reader"), os.path.join(rig.dir, "probe"),
             "115200", str(unit), str(shown_map.function), str(address),
             str(count)], capture_output=True, text=True)
        assert out.returncode == 0, (shown_map.file, address, out.stderr)
        for i, value in enumerate(out.stdout.split()):
            registers[address + i] = int(value)
    return registers


def shown_states(rig):
    try:
        status, text = rig.request("GET", "/api/v1/state")
    except OSError:
        return []
    return json.loads(text)["shown"] if status == 200 else []


def wait_all(rig, what, condition):
    wait_for(what, lambda: (states := shown_states(rig)) and
             all(condition(state) for state in states))


def compare(rig, places, batch, offset_w):
    for unit, shown_map in enumerate(batch, 1):
        registers = read(rig, shown_map, unit)
        truth = TrueValues(rig, places)
        check(shown_map, registers,
              Wanted(truth, shown_map.phases(), offset_w))


def try_batch(rig, places, config, batch):
    shown = "".join(SHOWN.format(map=m.file, unit=unit)
                    for unit, m in enumerate(batch, 1))
    with open(rig.config, "w") as f:
        f.write(config.replace("SHOWN\n", shown))
    rig.start()
    wait_all(rig, "all are shown", lambda s: s["state"] == "active")
    compare(rig, places, batch, 0)
    for shown_map in batch:
        rig.offset(OFFSET_W, 600, shown="as-" + shown_map.file)
    wait_all(rig, "the offset is reached",
             lambda s: s["offset"]["v"] == OFFSET_W)
    compare(rig, places, batch, OFFSET_W)
    rig.stop()


def every_map(house, meter_map, places):
    maps = meters()
    assert len(maps) >= 14
    with Rig(house=["--calm", "--load", "1500", "--pv", "0", *house],
             baud=0, gateway=False, meter_map=meter_map,
             config=CONFIG.replace("baud: {baud}", "baud: 115200"),
             more_shown="SHOWN", poll_ms=100) as rig:
        rig.spawn(HOUSE, "--line-only", "--baud", "0", "--link-a",
                  os.path.join(rig.dir, "inv2"), "--link-z",
                  os.path.join(rig.dir, "probe"), stdout=subprocess.DEVNULL)
        # Nothing moves while we look: the inverter neither asks nor feeds.
        rig.tell("ask stop")
        wait_for("the house is at rest", lambda: len({
            round(float(r["grid_w"]))
            for r in rig.rows(rig.truth)[-10:]}) == 1, 30)
        with open(rig.config) as f:
            config = f.read()
        for first in range(0, len(maps), AT_ONCE):
            try_batch(rig, places, config, maps[first:first + AT_ONCE])
        print(f"# {len(maps)} meter maps from {meter_map}")


def every_map_from_a_three_phase_meter():
    every_map([], "eastron-sdm630", SDM630)


def every_map_from_a_single_phase_meter():
    every_map(["--meter", "sdm120"], "eastron-sdm120", SDM120)


main([every_map_from_a_three_phase_meter, every_map_from_a_single_phase_meter])
