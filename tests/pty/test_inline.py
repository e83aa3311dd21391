# SPDX-License-Identifier: MIT
"""A meter shown as itself: what the box knows comes from memory, the rest from
the meter, with the offset wherever power is touched. And the ways of being
stale."""
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main, wait_for  # noqa: E402
from wire import (Asker, Meter, framed, read_request,  # noqa: E402
                  sdm630, set_power)

CONFIG = """\
site: {{name: test, fuse_a: 63, phases: 3}}
lines:
  - {{name: meter, serial: {dir}/meter, baud: {baud}}}
  - {{name: inv1, serial: {dir}/inv1, baud: {baud}}}
devices:
  - {{name: grid, role: grid_meter, line: meter, unit: 1, map: eastron-sdm630, poll_ms: {poll_ms}}}
  - {{name: spare, role: meter, line: meter, unit: 2, map: eastron-sdm630, poll_ms: 500}}
shown:
  - {{name: shown, line: inv1, unit: 7, map: eastron-sdm630, source: grid,
     max_age_ms: 1000, limit_w: 3000, slew_w_per_s: 100000, %s}}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
"""


class Inline(Rig):
    def __init__(self, options, spare=False):
        super().__init__(config=CONFIG % options, wires=("meter", "inv1"),
                         baud=38400, poll_ms=200)
        self.grid = sdm630(1000.0)
        self.spare = sdm630(500.0, unit=2)
        self.spare.silent = not spare
        self.meter = Meter(self.wires["meter"], self.both)
        self.asker = Asker(self.wires["inv1"])

    def both(self, request):
        return self.grid(request) or self.spare(request)

    def close(self):
        if hasattr(self, "meter"):
            self.meter.stop()
        super().close()

    def ask(self, *request, deadline=1.0):
        return self.asker.ask(bytes((7, *request)), deadline)[0]

    def read(self, function, address, count, deadline=1.0):
        answer = self.asker.ask(
            read_request(7, function, address, count), deadline)[0]
        if answer is None:
            return None
        assert answer[:3] == bytes((7, function, 2 * count)), answer.hex()
        return answer[3:]

    def power(self, deadline=1.0):
        data = self.read(4, 52, 2, deadline)
        return None if data is None else struct.unpack(">f", data)[0]

    def passed(self, since):
        """Requests the meter got that were none of the polls."""
        return [r for at, r in list(self.meter.seen)
                if at >= since and r[0] == 1 and
                not (r[1] == 4 and r[2:4] in (b"\0\0", b"\0\x46"))]

    def set_offset(self, value_w):
        if self.offset_is(value_w):
            return
        self.offset(value_w, 600)
        wait_for("the offset is in force", lambda: self.offset_is(value_w))

    def offset_is(self, value_w):
        offset = self.state()["offset"]["v"]
        return abs(offset - value_w) < 0.5


def floats(data):
    return struct.unpack(f">{len(data) // 4}f", data)


def memory_and_meter():
    with Inline("mode: inline") as rig:
        rig.wait_active()
        # At offset 0 every register is the meter's own, to the bit.
        since = time.monotonic()
        true = b"".join(rig.grid.words[i].to_bytes(2, "big")
                        for i in range(64))
        assert rig.read(4, 0, 64) == true
        assert rig.power() == 1000.0
        assert rig.passed(since) == [], "answered from memory"

        # Config, writes, identification, diagnostics: the meter's business.
        rig.grid.also = {
            "01030012 0002".replace(" ", ""): bytes.fromhex("01030400000001"),
            "010300120003": bytes.fromhex("018302"),
            "01100012000204 00000001".replace(" ", ""):
                bytes.fromhex("011000120002"),
            "01060014 0007".replace(" ", ""): bytes.fromhex("010600140007"),
            "0111": bytes.fromhex("011104534d36ff"),
            "01080000 1234".replace(" ", ""): bytes.fromhex("010800001234"),
            "012b0e0100": bytes.fromhex("012b0e010100000100024142"),
            "0141aabb": bytes.fromhex("0141cc"),
        }
        for request, answer in rig.grid.also.items():
            since = time.monotonic()
            got = rig.ask(*bytes.fromhex(request)[1:])
            assert got == b"\7" + answer[1:], (request, got)
            assert [r.hex() for r in rig.passed(since)] == [request]

        # Silence from the meter is silence to the inverter, and no retry.
        rig.grid.also["01030099 0001".replace(" ", "")] = None
        since = time.monotonic()
        assert rig.read(3, 0x99, 1, deadline=0.7) is None
        assert len(rig.passed(since)) == 1

        # A broadcast write reaches the meter and is not answered.
        since = time.monotonic()
        got = rig.asker.ask(bytes.fromhex("000600140007"), 0.4)[0]
        assert got is None
        assert [r.hex() for at, r in rig.meter.seen
                if at >= since and r[0] == 0] == ["000600140007"]
        rows = wait_for("the rows", lambda: rig.query(
            "SELECT count(*) FROM txn WHERE side = 'inverter'"
            " AND outcome = 'passed'"))
        print(f"# {rows[0][0]} passed so far")


def offset_wherever_power_is_touched():
    with Inline("mode: inline") as rig:
        rig.wait_active()
        rig.set_offset(600)
        assert abs(rig.power() - 1600) < 0.01
        # Split fields: high word and low word alone.
        whole = rig.read(4, 52, 2)
        assert rig.read(4, 52, 1) == whole[:2]
        assert rig.read(4, 53, 1) == whole[2:]
        assert rig.read(4, 51, 2)[2:] == whole[:2]
        # Beyond what is polled: passes, but the power in it is moved.
        since = time.monotonic()
        data = rig.read(4, 52, 60)
        assert len(rig.passed(since)) == 1
        assert data[:4] == whole
        assert data[8:12] == rig.read(4, 56, 2), "apparent power too"
        data = rig.read(4, 53, 60)
        assert data[:2] == whole[2:]
        # Untouched ones are the meter's own.
        assert rig.read(4, 0, 6) == b"".join(
            rig.grid.words[i].to_bytes(2, "big") for i in range(6))
        phases = floats(rig.read(4, 12, 6))
        assert abs(sum(phases) - 1600) < 0.1, phases


def repeated_and_given_up():
    """The same question again waits for the same answer; another one takes its
    place, and the old answer is thrown away."""
    # Both meters alive: a dead one's first timeouts would take the time.
    with Inline("mode: inline", spare=True) as rig:
        rig.wait_active()
        rig.grid.also = {
            "010300120002": bytes.fromhex("01030400000001"),
            "010300140002": bytes.fromhex("01030400000002"),
        }

        def slow_to_tell_its_settings(request):
            time.sleep(0.12 if request[1] == 3 else 0)
            return rig.both(request)
        rig.meter.answer = slow_to_tell_its_settings
        since = time.monotonic()
        line = rig.wires["inv1"]
        for _ in range(2):
            line.send(framed(bytes.fromhex("070300120002")))
            time.sleep(0.05)
        answer = rig.asker.collect(1.0)[0]
        assert answer[:-2].hex() == "07030400000001", answer.hex()
        assert len([r for r in rig.passed(since) if r[1] == 3]) == 1
        assert rig.asker.collect(0.4)[0] == b"", "one answer"

        line.send(framed(bytes.fromhex("070300120002")))
        time.sleep(0.05)
        line.send(framed(bytes.fromhex("070300140002")))
        answers = rig.asker.collect(1.5)[0]
        assert answers[:-2].hex() == "07030400000002", answers.hex()


def an_adapter_that_hears_itself():
    """Without echo: on, the reply to a write would be the next write."""
    with Inline("mode: inline") as rig:
        rig.wait_active()
        rig.grid.also["010600140007"] = bytes.fromhex("010600140007")
        line = rig.wires["inv1"]
        line.send(framed(bytes.fromhex("070600140007")))
        answer = line.receive(1.0)
        while len(answer) < 8:
            answer += line.receive(1.0)
        assert answer == framed(bytes.fromhex("070600140007"))
        line.send(answer)  # it comes back
        time.sleep(0.5)
        assert line.receive(0) == b"", "it was written again"
        assert len([r for r in rig.meter.requests() if r[1] == 6]) == 1
        assert "hears what it sends" in rig.log()


def stale(options, expected):
    with Inline(options) as rig:
        rig.wait_active()
        rig.set_offset(600)
        rig.grid.silent = True
        wait_for("stale", lambda: rig.state()["state"] != "active")
        if expected is None:
            assert rig.power(0.5) is None
        elif expected == "exception":
            assert rig.ask(4, 0, 52, 0, 2) == bytes((7, 0x84, 4))
        else:
            # Polls get nothing, but whoever asks the meter himself does.
            rig.grid.also = {"01040034 0002".replace(" ", ""):
                             bytes.fromhex("01040444480000")}
            answer = rig.grid.also["010400340002"]
            real = rig.grid

            def only_passed(request):
                return answer if request.hex() == "010400340002" else None
            rig.both = only_passed
            rig.meter.answer = only_passed
            wait_for("passes", lambda: rig.power(0.4) == 800.0)
            rig.meter.answer = real
        rig.grid.silent = False
        wait_for("back", rig.is_active)


def stale_is_silent():
    stale("mode: inline", None)


def stale_is_refused():
    stale("mode: emulate, on_stale: exception", "exception")


def stale_passes():
    stale("mode: emulate, on_stale: passthrough", "pass")


def fallback_takes_over():
    with Inline("mode: emulate, fallback: spare", spare=True) as rig:
        rig.wait_active()
        rig.set_offset(100)
        assert abs(rig.power() - 1100) < 0.01
        energy = rig.read(4, 72, 2)
        rig.spare.set_float(72, 99999.0)
        rig.grid.silent = True
        wait_for("the other meter is shown",
                 lambda: abs((rig.power(0.3) or 0) - 600) < 0.01)
        assert rig.read(4, 72, 2) == energy, "its counters are not"
        assert "fed from spare now" in rig.log()
        rig.grid.silent = False
        set_power(rig.grid, 2000.0)
        wait_for("the source is shown again",
                 lambda: abs((rig.power(0.3) or 0) - 2100) < 0.01)


main([memory_and_meter, offset_wherever_power_is_touched,
      repeated_and_given_up, an_adapter_that_hears_itself, stale_is_silent, stale_is_refused, stale_passes,
      fallback_takes_over])
