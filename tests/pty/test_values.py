# SPDX-License-Identifier: MIT
"""Foreign programs read the shown meter: every point equals the real meter's
within one register step, plus the offset on the active power, and P, Q, S, I,
PF stay consistent."""
import math
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import BUILD, HOUSE, Rig, main, wait_for  # noqa: E402
from truth import SDM630, TrueValues, as_float  # noqa: E402

BAUD = 9600
MORE_LINES = "  - {{name: inv2, serial: {dir}/inv2, baud: 9600, format: 8N1}}"
MORE_SHOWN = """\
  - {name: as-acrel, line: inv2, unit: 1, map: acrel-1p-solis, mode: emulate,
     source: grid, limit_w: 3000}
  - {name: as-sdm630, line: inv2, unit: 2, map: eastron-sdm630, mode: emulate,
     source: grid, limit_w: 3000}
"""
# name: address, registers, step
ACREL = {
    "voltage": (11, 1, 0.1), "current": (12, 1, 0.01),
    "active_power": (13, 1, 1), "reactive_power": (14, 1, 1),
    "apparent_power": (15, 1, 1), "power_factor": (16, 1, 0.01),
    "frequency": (17, 1, 0.01), "energy_import": (60, 2, 0.01),
    "energy_export": (62, 2, 0.01),
}
COUNTERS = ("energy_import", "energy_export")


def with_mbpoll(device, unit, function, address, count):
    kind = {3: "4", 4: "3"}[function]
    out = subprocess.run(
        ["mbpoll", "-m", "rtu", "-a", str(unit), "-b", str(BAUD), "-P", "none",
         "-t", kind, "-0", "-r", str(address), "-c", str(count), "-1", "-q",
         "-o", "1", device], capture_output=True, text=True)
    values = dict(re.findall(r"\[(\d+)\]:\s+(\d+)", out.stdout))
    assert len(values) == count, out.stdout + out.stderr
    return {int(at): int(value) for at, value in values.items()}


def with_libmodbus(device, unit, function, address, count):
    out = subprocess.run(
        [os.path.join(BUILD, "reader"), device, str(BAUD), str(unit),
         str(function), str(address), str(count)], capture_output=True,
        text=True)
    assert out.returncode == 0, out.stderr
    return {address + i: int(v) for i, v in enumerate(out.stdout.split())}


def acrel_values(registers):
    values = {}
    for name, (at, words, step) in ACREL.items():
        raw = registers[at]
        if words == 2:
            raw = raw << 16 | registers[at + 1]
        if raw >= 1 << 16 * words - 1:
            raw -= 1 << 16 * words
        values[name] = raw * step
    return values


def sdm630_values(registers):
    return {name: as_float(registers[at], registers[at + 1])
            for name, at in SDM630.items()}


def same(name, got, want, step):
    slack = step * 1.01 + abs(want) * 1e-6
    if name in COUNTERS:
        slack += 0.01  # kWh that were counted between the two readings
    assert abs(got - want) <= slack, (name, got, want)


def check_acrel(got, true, offset_w):
    assert offset_w == 0
    for name, (_, _, step) in ACREL.items():
        same(name, got[name], true.near(name, got[name]), step)


def moved_total(true, offset_w):
    """What P + offset makes of the quantities that hang on it."""
    p = true["active_power"] + offset_w
    s = math.sqrt(p * p + true["apparent_power"] ** 2
                  - true["active_power"] ** 2)
    return {"active_power": p, "apparent_power": s, "power_factor": p / s}


def consistent(values, phase, slack):
    p = values["active_power" + phase]
    s = values["apparent_power" + phase]
    assert s >= abs(p) - slack
    assert abs(values["power_factor" + phase] * s - p) <= slack, phase
    assert abs(s * s - p * p - values["reactive_power" + phase] ** 2) \
        <= slack * max(s, 1) * 2, phase
    if phase:
        assert abs(values["voltage" + phase] * values["current" + phase] - s) \
            <= slack, phase


def check_sdm630(got, true, offset_w):
    for name in SDM630:
        if offset_w == 0 or name.startswith(
                ("voltage", "reactive", "frequency", "energy")):
            same(name, got[name], true.near(name, got[name]), 0)
    same("active_power", got["active_power"],
         true["active_power"] + offset_w, 0.01)
    for phase in ("_l1", "_l2", "_l3"):
        same("active_power" + phase, got["active_power" + phase],
             true["active_power" + phase] + offset_w / 3, 0.01)
        consistent(got, phase, 0.05)
    for kind in ("active_power", "current"):
        assert abs(got[kind] - sum(got[kind + p] for p in
                                   ("_l1", "_l2", "_l3"))) < 0.05


def read_all(device, read):
    acrel = acrel_values(read(device, 1, 3, 0, 65))
    again = acrel_values(read(device, 1, 4, 0, 65))
    for name, (_, _, step) in ACREL.items():
        same(name, again[name], acrel[name], 2 * step)  # a second later
    sdm630 = read(device, 2, 4, 0, 40)
    sdm630.update(read(device, 2, 4, 40, 40))
    return acrel, sdm630_values(sdm630)


def compare(rig, device, offset_w):
    for read in (with_mbpoll, with_libmodbus):
        acrel, sdm630 = read_all(device, read)
        true = TrueValues(rig)
        check_sdm630(sdm630, true, offset_w)
        if offset_w == 0:
            check_acrel(acrel, true, 0)
            continue
        moved = moved_total(true, offset_w)
        for name in ("active_power", "apparent_power", "power_factor"):
            same(name, acrel[name], moved[name], ACREL[name][2])
        assert abs(acrel["voltage"] * acrel["current"]
                   - acrel["apparent_power"]) < 8, acrel


def shown_state(rig, name):
    import json
    status, text = rig.request("GET", "/api/v1/state")
    assert status == 200
    return next(s for s in json.loads(text)["shown"] if s["name"] == name)


def every_point_through_foreign_eyes():
    with Rig(house=["--calm", "--load", "1500", "--pv", "0"],
             more_lines=MORE_LINES, more_shown=MORE_SHOWN,
             gateway=False) as rig:
        device = os.path.join(rig.dir, "probe")
        rig.spawn(HOUSE, "--line-only", "--baud", str(BAUD), "--link-a",
                  os.path.join(rig.dir, "inv2"), "--link-z", device,
                  stdout=subprocess.DEVNULL)
        wait_for("the second line", lambda: os.path.exists(device))
        # Nothing moves while we look: the inverter neither asks nor feeds.
        rig.tell("ask stop")
        rig.start()
        rig.wait_active()
        wait_for("the house is at rest", lambda: len({
            round(float(r["grid_w"]))
            for r in rig.rows(rig.truth)[-20:]}) == 1, 30)
        compare(rig, device, 0)
        for offset_w in (700, -2500):
            for name in ("as-acrel", "as-sdm630"):
                rig.offset(offset_w, 600, shown=name)
            wait_for("the offset is reached", lambda: all(
                shown_state(rig, n)["offset"]["v"] == offset_w
                for n in ("as-acrel", "as-sdm630")), 15)
            compare(rig, device, offset_w)


def a_single_phase_meter_is_shown_too():
    with Rig(house=["--calm", "--meter", "sdm120"],
             meter_map="eastron-sdm120") as rig:
        rig.wait_active()
        wait_for("the house settles", lambda: all(
            abs(float(r["grid_w"])) < 30 for r in rig.rows(rig.truth)[-20:]),
            60)


main([every_point_through_foreign_eyes, a_single_phase_meter_is_shown_too])
