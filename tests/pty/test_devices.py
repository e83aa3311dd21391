# SPDX-License-Identifier: MIT
"""The house's devices made from maps keep what a device keeps: they refuse
what is not there, take only what may be written, want their pause, and fall
back when nobody feeds them. Without this the tests on maps would test little."""
import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from devices import Devices, Refused  # noqa: E402
from rig import main, wait_for  # noqa: E402
from wire import crc, framed, read_request  # noqa: E402

UNIT = 7
MAP = """\
name: A device of the tests
kind: wallbox
function: 3
words_max: 20
hole_max: 2
identity:
  - {address: 400, text: "ACME"}
watchdog: {timeout_s: 15, points: [current_limit]}
holes:
  - {address: 31, count: 1}
points:
  - {point: charging_power, address: 10, type: s32, unit: W}
  - {name: above, address: 14, type: u16, unit: V, scale: 0.1}
  - {name: low_float, address: 16, type: f32, word_order: low_first, unit: A}
  - {name: beside_hole, address: 30, type: u16}
  - {name: beyond_hole, address: 32, type: u16}
  - {point: current_limit, address: 100, type: u16, unit: A, scale: 0.1,
     access: rw, min: 6, max: 16}
  - {name: wide, address: 101, type: u32, access: rw, min: 0, max: 100000}
  - {name: order, address: 110, type: u16, access: w, min: 0, max: 9}
  - {name: ordered, address: 110, type: u16}
  - {name: hidden, address: 33, type: u16, access: w, min: 0, max: 9}
  - {name: setup, address: 111, type: u16, access: once, min: 0, max: 9}
  - {name: seen, address: 5, function: 4, type: u16}
  - {name: valve, address: 0, function: 1, type: bool, access: rw,
     write_function: 5, min: 0, max: 1}
  - {name: door, address: 1, function: 2, type: bool}
"""
PACED = MAP.replace("hole_max: 2", "hole_max: 2\ngap_ms: 60")
SUNSPEC = """\
name: A chain of the tests
kind: inverter
function: 3
sunspec: {bases: [40000, 50000, 0]}
points:
  - {name: maker, model: 1, address: 2, type: string, words: 16}
  - {point: ac_power, model: 103, address: 14, type: s16, unit: W,
     scale_point: ac_power_scale, poll: fast}
  - {name: ac_power_scale, model: 103, address: 15, type: s16}
"""


class OneDevice(Devices):
    def __init__(self, text=MAP, **options):
        self.map_file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        self.map_file.write(text)
        self.map_file.flush()
        super().__init__([("box", self.map_file.name, "bus", UNIT)], **options)
        self.fd = os.open(self.path("bus"), os.O_RDWR | os.O_NOCTTY)

    def close(self):
        if hasattr(self, "fd"):
            os.close(self.fd)
        super().close()

    def ask(self, request, wait_s=5):
        """The answer without unit and CRC; None when none comes."""
        import select
        os.write(self.fd, framed(request))
        answer = b""
        while not (len(answer) > 3 and crc(answer[:-2]) == answer[-2:]):
            if not select.select([self.fd], [], [], wait_s)[0]:
                assert answer == b"", answer.hex()
                return None
            answer += os.read(self.fd, 512)
        assert answer[0] == UNIT
        return answer[1:-2]

    def read(self, function, address, count):
        """Registers, or the exception."""
        answer = self.ask(read_request(UNIT, function, address, count))
        if answer[0] == function | 0x80:
            return answer[1]
        assert answer[:2] == bytes((function, 2 * count))
        return struct.unpack(f">{count}H", answer[2:])

    def write(self, function, address, *words):
        """0, or the exception."""
        head = struct.pack(">BBH", UNIT, function, address)
        if function == 16:
            head += struct.pack(">HB", len(words), 2 * len(words))
        answer = self.ask(head + struct.pack(f">{len(words)}H", *words))
        return 0 if answer[0] == function else answer[1]


def the_same_seed_is_the_same_device():
    with OneDevice(seed=3) as one, OneDevice(seed=3) as two, \
            OneDevice(seed=4) as other:
        assert one.list("box") == two.list("box") != other.list("box")


def what_is_set_stands_in_the_registers():
    rows = [
        ("charging_power", -2, 3, 10, (0xffff, 0xfffe)),
        ("above", 230.4, 3, 14, (2304,)),
        ("low_float", 123456, 3, 16, (0x2000, 0x47f1)),
        ("seen", 77, 4, 5, (77,)),
    ]
    with OneDevice() as box:
        for name, value, function, address, words in rows:
            box.set("box", name, value)
            assert box.get("box", name)["value"] == value
            assert box.read(function, address, len(words)) == words, name
        assert box.read(3, 400, 2) == struct.unpack(">2H", b"ACME")
        box.set("box", "door", 1)
        assert box.ask(read_request(UNIT, 2, 1, 1)) == bytes((2, 1, 1))
        try:
            box.set("box", "above", -1)
            raise AssertionError("it held what it cannot")
        except Refused:
            pass


def what_is_not_there_is_refused():
    rows = [  # function, address, count, exception
        (3, 10, 8, 0), (3, 12, 1, 0), (3, 9, 2, 2), (3, 18, 1, 2),
        (3, 30, 1, 0), (3, 30, 3, 2), (3, 31, 1, 2),
        (3, 33, 1, 2), (3, 32, 2, 2),  # can be written, not read
        (3, 110, 1, 0),  # one is written there, and another read
        (3, 10, 21, 3), (3, 10, 0, 3), (4, 10, 1, 2), (4, 5, 1, 0),
        (3, 65535, 2, 2), (23, 10, 1, 1), (7, 0, 0, 1),
    ]
    with OneDevice() as box:
        for function, address, count, exception in rows:
            got = box.read(function, address, count)
            assert (0 if isinstance(got, tuple) else got) == exception, \
                (function, address, count, got)
        assert box.state("box")["torn"] == 0
        box.read(3, 11, 1)
        box.read(3, 10, 1)
        state = box.state("box")
        assert state["torn"] == 2
        assert state["refused"] == sum(1 for row in rows if row[3])
        assert state["requests"] == len(rows) + 2


def only_what_can_be_written_is_taken():
    rows = [  # function, address, words, exception
        (6, 100, (130,), 0), (6, 100, (161,), 3), (6, 100, (59,), 3),
        (16, 100, (130,), 2),  # by function 6 alone
        (6, 101, (1,), 2), (16, 101, (1, 2), 0), (16, 101, (1,), 2),
        (16, 101, (1, 0x9000), 3), (16, 101, (0, 1, 2), 2),
        (6, 110, (5,), 0), (6, 33, (5,), 0), (6, 111, (3,), 0), (6, 14, (1,), 2),
        (5, 0, (0xff00,), 0), (5, 0, (1,), 3), (5, 1, (0xff00,), 2),
        (15, 0, (0xff00,), 1),
    ]
    with OneDevice() as box:
        for function, address, words, exception in rows:
            if function == 15:
                got = box.ask(bytes((UNIT, 15, 0, 0, 0, 1, 1, 1)))[1]
            else:
                got = box.write(function, address, *words)
            assert got == exception, (function, address, words, got)
        for name, value in (("current_limit", 13), ("wide", 65538),
                            ("order", 5), ("ordered", 5), ("setup", 3), ("valve", 1)):
            point = box.get("box", name)
            writes = 0 if name == "ordered" else 1
            assert (point["value"], point["writes"]) == (value, writes), point


def too_soon(box):
    """A request right behind an answer. A machine that stood still for the
    whole pause makes another try of it."""
    wait_for("it answers",
             lambda: box.ask(read_request(UNIT, 3, 14, 1), 1), every=0.1)
    return box.ask(read_request(UNIT, 3, 14, 1), 0.5) is None


def a_request_within_the_gap_is_not_answered():
    with OneDevice(PACED) as box:
        wait_for("it came too soon", lambda: too_soon(box))
        assert box.state("box")["early"] >= 1
        wait_for("it answers again", lambda: box.ask(
            read_request(UNIT, 3, 14, 1), 1), every=0.1)


def nobody_feeds_it_and_it_falls_back():
    with OneDevice(fast=100) as box:
        assert box.state("box")["watchdog"] == "idle"
        box.read(3, 10, 2)
        assert box.write(6, 110, 1) == 0
        assert box.state("box")["watchdog"] == "idle"  # only its point feeds
        assert box.write(6, 100, 100) == 0
        assert box.state("box")["watchdog"] in ("fed", "fallen")
        wait_for("it falls",
                 lambda: box.state("box")["watchdog"] == "fallen")
        assert box.write(6, 100, 100) == 0
        wait_for("it falls again", lambda: box.state("box")["trips"] == 2)
    with OneDevice() as box:
        assert box.write(6, 100, 100) == 0
        assert box.state("box")["watchdog"] == "fed"
        assert box.state("box")["trips"] == 0


def it_can_be_told_to_be_silent():
    with OneDevice() as box:
        box.silent("box")
        assert box.ask(read_request(UNIT, 3, 14, 1), 0.3) is None
        box.silent("box", False)
        assert box.read(3, 14, 1)


def chain_of(box, base):
    """{model: (head, length)}, walked as a reader does."""
    assert box.read(3, base, 2) == struct.unpack(">2H", b"SunS")
    models, at = {}, base + 2
    while True:
        model, length = box.read(3, at, 2)
        if model == 0xffff:
            assert length == 0
            return models
        models[model] = at, length
        at += 2 + length


def a_chain_can_be_walked():
    bases = set()
    for seed in range(8):
        with OneDevice(SUNSPEC, seed=seed) as box:
            found = [base for base in (40000, 50000, 0)
                     if isinstance(box.read(3, base, 2), tuple)]
            assert len(found) == 1, found
            bases.update(found)
            models = chain_of(box, found[0])
            assert list(models)[0] == 1 and 103 in models and len(models) == 3
            head = models[103][0]
            power, scale = struct.unpack(
                ">2h", struct.pack(">2H", *box.read(3, head + 14, 2)))
            point = box.get("box", "ac_power")
            assert abs(point["value"] - power * 10.0 ** scale) < 1e-6, point
            assert point["address"] == head + 14
    assert len(bases) > 1


def what_cannot_be_is_said():
    rows = [("box", "no/such.yaml", "bus", 1), ("box", "", "bus", 0),
            ("box", "", "bus", 248), ("box", "", "", 1), ("", "", "bus", 1)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(MAP)
        f.flush()
        for row in rows:
            row = (row[0], row[1] or f.name, row[2], row[3])
            try:
                Devices([row]).close()
                raise AssertionError(row)
            except Refused as error:
                assert str(error).startswith("house: "), error
        try:
            Devices([("a", f.name, "bus", 1), ("b", f.name, "bus", 1)])
            raise AssertionError("twice the same unit")
        except Refused as error:
            assert "unit" in str(error)


main([the_same_seed_is_the_same_device, what_is_set_stands_in_the_registers,
      what_is_not_there_is_refused, only_what_can_be_written_is_taken,
      a_request_within_the_gap_is_not_answered,
      nobody_feeds_it_and_it_falls_back, it_can_be_told_to_be_silent,
      a_chain_can_be_walked,
      what_cannot_be_is_said])
