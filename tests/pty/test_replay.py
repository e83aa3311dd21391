# SPDX-License-Identifier: MIT
"""Inverters' ways of asking, replayed: each request of tests/replay is answered
to the inverter's satisfaction, with the real meter's values plus the offset,
and begins before the inverter gives up."""
import os
import statistics
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from recorded import families as recorded  # noqa: E402
from rig import Rig, main, wait_for  # noqa: E402
from wire import framed, crc  # noqa: E402

LINES_MAX = 7  # of a gateway, besides the meter's
GAP_S = 0.006  # between an answer and the next request, at least
QUIET_S = 0.05  # on the line, before it is asked again after a missed answer
# Where the SDM630 has what is compared: name -> address, tolerated beyond a
# step of the register (kWh: counted between the two readings).
SDM630 = {
    "voltage_l1": (0, 0.001), "voltage_l2": (2, 0.001),
    "voltage_l3": (4, 0.001), "current_l1": (6, 30),  # moves with the power
    "active_power_l1": (12, 0.05), "active_power_l2": (14, 0.05),
    "active_power_l3": (16, 0.05), "voltage": (42, 0.001),
    "active_power": (52, 0.05), "frequency": (70, 0.001),
    "energy_import": (72, 0.02),
}
CONFIG = """\
site: {{{{name: replay, fuse_a: 63, phases: 3}}}}
lines:
  - {{{{name: meter, serial: {{dir}}/meter, baud: 9600, format: 8N1}}}}
{lines}
devices:
  - {{{{name: grid, role: grid_meter, line: meter, unit: 1,
     map: eastron-sdm630}}}}
shown:
{shown}
storage: {{{{path: {{dir}}/history.db}}}}
web: {{{{port: {{port}}}}}}
"""


class Player(threading.Thread):
    """The inverter: plays its steps on a line, and keeps what came."""

    def __init__(self, family, wire):
        super().__init__(daemon=True)
        self.family = family
        self.wire = wire
        self.faults = []
        self.missed = []
        self.missing = False  # the last one
        self.latencies_s = []
        self.values = {}  # name: what was shown, in the SDM630's unit
        self.answered = 0
        self.start()

    def run(self):
        try:
            self.play()
        except Exception as error:
            self.faults.append(repr(error))

    def play(self):
        steps = self.family.steps
        due = time.monotonic()
        for i, step in enumerate(steps):
            due = max(due + step.after_s, time.monotonic() + GAP_S)
            self.pause_until(due)
            self.wire.send(framed(step.request()))
            sent = time.monotonic() + (len(step.request()) + 2) * 10 / 9600
            wait = self.family.deadline_s
            if not self.family.waits and i + 1 < len(steps):
                wait = due + steps[i + 1].after_s - sent
            answer, latency = self.collect(sent, wait)
            missed = len(self.missed)
            self.judge(step, answer, latency)
            self.missing = len(self.missed) > missed

    def pause_until(self, due):
        """Nothing may come, but an answer that was given up."""
        while self.wire.receive(due - time.monotonic()):
            if self.family.waits and not self.missing:
                self.faults.append("more than an answer")
        while self.family.waits and self.missing and \
                self.wire.receive(QUIET_S):
            pass

    def collect(self, sent, wait):
        """The bytes up to a whole answer, and when they began."""
        answer, first = b"", None
        end = sent + wait
        while not is_whole(answer):
            got = self.wire.receive(end - time.monotonic())
            if not got:
                break
            if first is None:
                first = time.monotonic() - sent
                end = max(end, time.monotonic() + 0.4) \
                    if self.family.waits else end
            answer += got
        return answer, first

    def judge(self, step, answer, latency):
        if step.expected == ["silence"]:
            if answer:
                self.faults.append(f"{step.text}: {answer.hex()}")
            return
        good = is_whole(answer) and crc(answer[:-2]) == answer[-2:]
        # Who asks again while it is answered has to live with the ruins.
        if not good and (not answer or not self.family.waits):
            self.missed.append(step.text)
            return
        if not good or not self.is_right(step, answer[:-2]):
            self.faults.append(f"{step.text}: {answer.hex()}")
            return
        self.answered += 1
        self.latencies_s.append(latency)
        if latency > self.family.deadline_s:
            self.missed.append(f"{step.text}: after {latency * 1e3:.0f} ms")

    def is_right(self, step, answer):
        what, *more = step.expected
        head = bytes((step.unit, step.function))
        if what == "exception":
            return answer == bytes((step.unit, step.function | 0x80,
                                    int(more[0])))
        if what == "echo":
            return answer == step.request()[:6]
        if answer[:3] != head + bytes((2 * step.count,)) or \
                len(answer) != 3 + 2 * step.count:
            return False
        words = struct.unpack(f">{step.count}H", answer[3:])
        if what == "words":
            return list(words) == [int(word, 0) for word in more]
        found = self.family.values_in(step.address, words)
        for name, value in found.items():
            self.values.setdefault(name, []).append(value)
        return set(more) <= set(found) and what in ("answer", "value")


def is_whole(answer):
    if len(answer) < 5:
        return False
    if answer[1] & 0x80:
        return True
    return len(answer) >= (8 if answer[1] in (6, 16) else 5 + answer[2])


def truth(rig, since_us):
    """name: everything that the real meter said of it."""
    said = {name: set() for name in SDM630}
    for row in rig.rows(rig.frames):
        if row["side"] != "meter" or row["result"] != "ok" or \
                int(row["mono_us"]) < since_us:
            continue
        address, count = int(row["address"]), int(row["count"])
        data = bytes.fromhex(row["response"])
        data = data if len(data) == 2 * count else data[3:-2]
        for name, (at, _) in SDM630.items():
            if address <= at and at + 2 <= address + count:
                said[name].add(struct.unpack_from(
                    ">f", data, 2 * (at - address))[0])
    return said


def share_w(name, offset_w):
    if not name.startswith("active_power"):
        return 0
    return offset_w if name == "active_power" else offset_w / 3


def check_values(player, said):
    family = player.family
    assert set(player.values) == set(family.points), \
        f"{family.name}: was not shown {set(family.points) - set(player.values)}"
    for name, shown in player.values.items():
        kind, step = family.points[name][1:]
        _, slack = SDM630[name]
        # Rounded to the nearest step, or to 24 bits.
        slack += 0.51 * step if kind != "f32" else 1e-6 * step
        moved = [value + share_w(name, family.offset_w)
                 for value in said[name]]
        for value in shown:
            nearest = min(moved, key=lambda m: abs(m - value))
            assert abs(value - nearest) <= slack, \
                f"{family.name}: {name} {value}, real meter {nearest}"


def check(player, said):
    family = player.family
    assert not player.faults, f"{family.name}: {player.faults[:5]}"
    asked = player.answered + len(player.missed)
    allowed = 1 + asked // 20  # of them the machine itself may spoil
    assert len(player.missed) <= allowed, \
        f"{family.name}: {len(player.missed)} of {asked}: {player.missed[:5]}"
    check_values(player, said)
    print(f"# {family.name}: {player.answered} answered, begun after"
          f" {statistics.median(player.latencies_s) * 1e3:.1f} ms"
          f" (median; {max(player.latencies_s) * 1e3:.1f} at most),"
          f" {family.deadline_s * 1e3:.0f} allowed")


def config(families):
    return CONFIG.format(
        lines="\n".join(
            f"  - {{{{name: {f.name}, serial: {{dir}}/{f.name}, baud: 9600,"
            " format: 8N1}}" for f in families),
        shown="\n".join(
            f"  - {{{{name: as-{f.name}, line: {f.name}, unit: {f.unit},"
            f" map: {f.fields['map']}, mode: emulate, source: grid,"
            " limit_w: 3000, slew_w_per_s: 20000}}" for f in families))


def states(rig):
    import json
    try:
        status, text = rig.request("GET", "/api/v1/state")
    except OSError:
        return []
    return json.loads(text)["shown"] if status == 200 else []


class Stage:
    """A gateway with a real meter, and a line for each of some families."""

    def __init__(self, families):
        self.families = families
        self.rig = Rig(house=["--calm", "--load", "1500", "--pv", "0"],
                       config=config(families), house_too=True,
                       wires=[family.name for family in families])
        self.rig.tell("ask stop")

    def prepare(self):
        wait_for("all meters are shown", lambda: [
            s["state"] for s in states(self.rig)] ==
            ["active"] * len(self.families))
        for family in self.families:
            self.rig.offset(family.offset_w, 600, shown="as-" + family.name)
        wait_for("the house is at rest", lambda: len({
            round(float(r["grid_w"]))
            for r in self.rig.rows(self.rig.truth)[-10:]}) == 1, 30)
        wait_for("the offsets are reached", lambda: all(
            s["offset"]["v"] == f.offset_w
            for s, f in zip(states(self.rig), self.families)), 15)

    def play(self):
        self.since_us = time.monotonic() * 1e6 - 2e6
        self.players = [Player(family, self.rig.wires[family.name])
                        for family in self.families]

    def finish(self):
        for player in self.players:
            player.join()
        said = truth(self.rig, self.since_us)
        for player in self.players:
            check(player, said)


def every_family_is_satisfied():
    families = recorded()
    assert len(families) >= 12, families
    groups = [families[i:i + LINES_MAX]
              for i in range(0, len(families), LINES_MAX)]
    stages = []
    try:
        for act in (lambda: stages.extend(map(Stage, groups)),
                    lambda: [stage.prepare() for stage in stages],
                    lambda: [stage.play() for stage in stages],
                    lambda: [stage.finish() for stage in stages]):
            act()
    except BaseException:
        for stage in stages:
            stage.rig.tell_why()
        raise
    finally:
        for stage in stages:
            stage.rig.close()


main([every_family_is_satisfied])
