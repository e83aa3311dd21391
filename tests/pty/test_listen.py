# SPDX-License-Identifier: MIT
"""Listening on a running bus: the speed, who asks whom, and which meter is
meant, for every recorded inverter at once; and never a byte sent."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from recorded import families  # noqa: E402
from rig import PROGRAM, main, wait_for  # noqa: E402
from wire import Wire, framed, has_lock  # noqa: E402

SETTINGS = [(9600, "8N1"), (19200, "8N1"), (9600, "8E1"), (38400, "8N1"),
            (19200, "8E1"), (19200, "8O1")]
GAP_S = 0.04  # between what is said, when nobody waits
# What the meter tells, in the file's units.
VALUES = {"voltage": 230.0, "frequency": 50.0, "active_power": 1234.0,
          "current": 5.4, "energy_import": 4567.0}


def value_of(name):
    return next(value for start, value in VALUES.items()
                if name.startswith(start))


class Bus(threading.Thread):
    """An inverter and its meter, both heard on one wire."""

    def __init__(self, family, wire):
        super().__init__(daemon=True)
        self.family = family
        self.wire = wire
        self.heard = b""  # from the one who listens
        self.ended = False
        self.words = self.registers()
        self.start()

    def registers(self):
        words = {}
        for name, (at, kind, step) in self.family.points.items():
            raw = value_of(name) / step
            code = {"u16": "H", "s16": "h", "u32": "I", "s32": "i",
                    "f32": "f"}[kind]
            data = struct.pack(">" + code, raw if code == "f" else round(raw))
            parts = list(struct.unpack(f">{len(data) // 2}H", data))
            if self.family.fields["order"] == "low_first":
                parts.reverse()
            words.update({at + i: word for i, word in enumerate(parts)})
        return words

    def reply(self, step):
        what, *more = step.expected
        head = bytes((step.unit, step.function))
        if what == "silence":
            return None
        if what == "exception":
            return bytes((step.unit, step.function | 0x80, int(more[0])))
        if what == "echo":
            return step.request()[:6]
        words = [int(word, 0) for word in more] if what == "words" else \
            [self.words.get(step.address + i, 0) for i in range(step.count)]
        return head + bytes((2 * len(words),)) + struct.pack(
            f">{len(words)}H", *words)

    def say(self, data):
        self.wire.send(framed(data))
        end = time.monotonic() + (len(data) + 2) * 11 / self.wire.baud + 0.005
        while time.monotonic() < end:
            self.heard += self.wire.receive(end - time.monotonic())

    def run(self):
        while not self.ended:
            for step in self.family.steps:
                if self.ended:
                    return
                self.say(step.request())
                reply = self.reply(step)
                if reply is not None:
                    self.say(reply)
                time.sleep(GAP_S)


def listen(path, *more):
    return subprocess.Popen(
        [PROGRAM, "listen", "-m", "etc/maps", *more, path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check(family, setting, process):
    out, log = process.communicate(timeout=120)
    assert process.returncode == 0, f"{family.name}: {out} {log}"
    told = json.loads(out)
    assert (told["baud"], told["format"]) == setting, f"{family.name}: {log}"
    assert told["certain"], f"{family.name}: {log}"
    best = next(guess for guess in told["guesses"]
                if guess["unit"] == family.unit)
    assert best["map"] == family.fields["map"], f"{family.name}: {best}"
    assert best["family"] is not None, f"{family.name}: {best}"
    proposal = told["proposal"]
    assert f"unit: {family.unit}, map: {family.fields['map']}," in proposal, \
        f"{family.name}: {proposal}"
    assert f"baud: {setting[0]}, format: {setting[1]}}}" in proposal, proposal
    asked = {(row["unit"], row["function"], row["address"], row["count"])
             for row in told["polls"]}
    could = {(step.unit, step.function, step.address,
              1 if step.function == 6 else step.count)
             for step in family.steps}
    assert asked <= could, f"{family.name}: {asked - could}"
    print(f"# {family.name}: {best['family']}, {best['percent']} %,"
          f" {setting[0]} {setting[1]}, {told['frames']} frames")


def every_family_is_named():
    recorded = families()
    assert len(recorded) >= 13
    settings = [SETTINGS[i % len(SETTINGS)] for i in range(len(recorded))]
    with tempfile.TemporaryDirectory() as folder:
        wires = [Wire(folder, family.name, *setting)
                 for family, setting in zip(recorded, settings)]
        processes = [listen(wire.path, "--json", "--seconds", "20")
                     for wire in wires]
        time.sleep(4)  # all maps are loaded, by as many programs at a time
        buses = [Bus(family, wire) for family, wire in zip(recorded, wires)]
        try:
            for family, setting, process in zip(recorded, settings, processes):
                check(family, setting, process)
        finally:
            for process in processes:
                process.kill()
            for bus in buses:
                bus.ended = True
            for bus, wire in zip(buses, wires):
                bus.join()
                wire.close()
        for bus in buses:
            assert bus.heard == b"", f"{bus.family.name}: {bus.heard.hex()}"


def a_map_is_written_that_the_loader_takes():
    family = next(f for f in families() if f.name == "fronius")
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(folder, "bus", 9600)
        bus = Bus(family, wire)
        path = os.path.join(folder, "found.yaml")
        process = listen(wire.path, "--seconds", "4", "--write-map", path,
                         "--bauds", "9600", "--formats", "8N1")
        out, log = process.communicate(timeout=60)
        bus.ended = True
        bus.join()
        wire.close()
        assert process.returncode == 0, out + log
        assert "looks like fronius-ts65a" in out, out
        with open(path) as f:
            text = f.read()
        for block in ("address: 258, count: 16", "address: 286, count: 42"):
            assert block in text, text
        # As the one map of a folder it is what the program has: read whole.
        # Nothing is heard any more, which is told by another code.
        wire = Wire(folder, "still", 9600)
        process = listen(wire.path, "--seconds", "1", "-m", folder)
        out, log = process.communicate(timeout=60)
        wire.close()
        assert process.returncode == 69, (process.returncode, out, log)
        assert "left out" not in log, log
        assert "nothing heard" in out, out


def a_line_in_use_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(folder, "bus", 9600)
        first = listen(wire.path, "--seconds", "20")
        try:
            wait_for("the first has it", lambda: has_lock(first.pid))
            second = listen(wire.path, "--seconds", "1")
            out, log = second.communicate(timeout=30)
        finally:
            first.kill()
            first.wait()
            wire.close()
        assert second.returncode == 66, (second.returncode, out, log)
        assert f"in use by gridshim (pid {first.pid})" in log, log


main([every_family_is_named, a_map_is_written_that_the_loader_takes,
      a_line_in_use_is_refused])
