# SPDX-License-Identifier: MIT
"""Age of the power at the last byte of gridshim's answer, by the clock that
the meter shows as its power (clock_meter), while the inverter asks for the
power alone at a steady beat.

Beside it what no one can do without: the wire time of a poll of the meter, and
of two. The inverters ask for as long as AGE_S, three side by side.
"""
import os
import subprocess

from contest import (Line, Program, Rig, bauds, tool, wait_for)
import json

AGE_S = int(os.environ.get("AGE_S", "60"))
PERIODS_MS = (300, 500, 1000)
MODULO_MS = 20000  # fits 16 bits, and fuses of 63 A
POLLED = 66  # registers of an SDM630, on average: 64 to 68 in turns
POWER = 13  # in the shown meter's registers
OVER_MS = 20

CONFIG = """\
site: {{name: bench, fuse_a: 63, phases: 3}}
lines:
  - {{name: meter, serial: METER, baud: {baud}, format: 8N1}}
  - {{name: inv1, serial: SHOWN, baud: {baud}, format: 8N1}}
devices:
  - {{name: grid, role: grid_meter, line: meter, unit: 1, map: eastron-sdm630, poll_ms: 200}}
shown:
  - {{name: shown, line: inv1, unit: 1, map: acrel-1p-solis, mode: emulate, source: grid,
     max_age_ms: 1500, on_stale: silent, limit_w: 3000, slew_w_per_s: 1000}}
policy: {{mode: transparent}}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
"""


def poll_ms(baud):
    return (8 + 5 + 2 * POLLED) * 10 * 1e3 / baud


class Chain:
    """Meter, line, gridshim, line; the inverter is the asker."""

    def __init__(self, baud):
        self.parts = []
        try:
            meter = self.add(Line(baud))
            self.line = self.add(Line(baud))
            self.add(Program(tool("clock_meter"), meter.far, baud, 1,
                             MODULO_MS, opens=meter.far))
            config = CONFIG.replace("METER", meter.near)
            box = self.add(Houseless(
                config=config.replace("SHOWN", self.line.far), baud=baud))
            box.wait_active()
        except BaseException:
            self.close()
            raise

    def add(self, part):
        self.parts.append(part)
        return part

    def close(self):
        for part in self.parts[::-1]:
            part.__exit__(None, None, None)


class Houseless(Rig):
    def start_house(self, *what):
        pass


def ask(chain, baud, period_ms):
    return subprocess.Popen(
        [tool("asker"), chain.line.near, str(baud), "1", "3", str(POWER), "1",
         str(AGE_S * 1000 // period_ms), str(period_ms), str(MODULO_MS)],
        stdout=subprocess.PIPE, text=True)


def measure(baud, targets):
    chains, askers = [], []
    try:
        for period_ms in PERIODS_MS:
            chains.append(Chain(baud))
            askers.append(ask(chains[-1], baud, period_ms))
        results = [json.loads(asker.communicate()[0]) for asker in askers]
    finally:
        for asker in askers:
            asker.kill()
            asker.wait()
        for chain in chains:
            chain.close()
    wire_ms = poll_ms(baud)
    for period_ms, result in zip(PERIODS_MS, results):
        p50, p99 = result["age_p50"] / 1e3, result["age_p99"] / 1e3
        print(f"{baud:>8} {period_ms:>6} {p50:>8.1f} {p99:>8.1f} "
              f"{result['age_max'] / 1e3:>8.1f} {wire_ms:>8.1f} "
              f"{result['silent'] + result['broken']:>5}", flush=True)
        targets.check(f"age, {baud}, every {period_ms} ms, median", p50,
                      wire_ms + OVER_MS, " ms")
        targets.check(f"age, {baud}, every {period_ms} ms, p99", p99,
                      2 * wire_ms, " ms")


def run(targets):
    print(f"\nage: ms of the power at the last byte of the answer, asked for "
          f"{AGE_S} s")
    print(f"{'baud':>8} {'every':>6} {'p50':>8} {'p99':>8} {'max':>8} "
          f"{'a poll':>8} {'lost':>5}")
    for baud in bauds("9600,38400,115200"):
        measure(baud, targets)
