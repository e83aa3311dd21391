# SPDX-License-Identifier: MIT
"""Both ends of an RTU line in Python, byte by byte: for the tests that need
what no well-behaved library would send.

    line = Wire(dir, "meter")       # DIR/meter is the gateway's end
    meter = Meter(line, answer)     # answer(adu without CRC) -> the same, or None
    asker = Asker(line)
"""
import os
import select
import subprocess
import threading
import time
import tty

HOUSE = os.path.join(os.environ.get("B", "build"), "house")


def crc(data):
    value = 0xffff
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xa001 if value & 1 else 0)
    return bytes((value & 0xff, value >> 8))


def framed(data):
    return bytes(data) + crc(data)


def read_request(unit, function, address, count):
    return bytes((unit, function, address >> 8, address & 255,
                  count >> 8, count & 255))


class Wire:
    """A paced line; `path` for the gateway, `fd` for the test. With a format
    ("8E1") the gateway's end must be set to it and to the speed, or hears and
    says only garbage."""

    def __init__(self, folder, name, baud=9600, format=None):
        self.path = os.path.join(folder, name)
        self.other = self.path + ".other"
        self.baud = baud
        self.process = subprocess.Popen(
            [HOUSE, "--line-only", "--link-a", self.path, "--link-z",
             self.other, "--baud", str(baud), "--with-parent",
             *(["--format", format] if format else [])],
            stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + 5
        while not (os.path.exists(self.path) and os.path.exists(self.other)):
            assert time.monotonic() < end, "no line"
            time.sleep(0.005)
        self.fd = os.open(self.other, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)

    def send(self, data):
        os.write(self.fd, data)

    def receive(self, timeout):
        """What comes next, or b'' when nothing does."""
        if not select.select([self.fd], [], [], max(0, timeout))[0]:
            return b""
        return os.read(self.fd, 512)

    def close(self):
        os.close(self.fd)
        self.process.kill()
        self.process.wait()
        for path in (self.path, self.other):
            if os.path.islink(path):
                os.unlink(path)


def has_lock(pid):
    """Does the process hold a line (or any other lock)?"""
    with open("/proc/locks") as f:
        return any(f" {pid} " in line for line in f if "FLOCK" in line)


class Asker:
    """The inverter's end: sends what it is told, collects what comes."""

    def __init__(self, wire):
        self.wire = wire
        self.gap = max(0.006, 40 / wire.baud if wire.baud else 0.006)

    def ask(self, data, deadline=1.0, add_crc=True):
        """The answer without its CRC (checked), or None for silence, and the
        seconds from the last byte of the request to the first back."""
        self.collect(0)
        self.wire.send(framed(data) if add_crc else bytes(data))
        length = len(data) + (2 if add_crc else 0)
        sent = time.monotonic() + length * 10 / (self.wire.baud or 1e9)
        answer, first = self.collect(deadline)
        if not answer:
            return None, None
        assert crc(answer[:-2]) == answer[-2:], f"CRC of {answer.hex()}"
        return answer[:-2], first - sent

    def collect(self, deadline):
        answer = b""
        first = None
        end = time.monotonic() + deadline
        while True:
            left = end - time.monotonic()
            if answer:
                left = 0.03 + self.gap
            got = self.wire.receive(left)
            if not got:
                return answer, first
            first = first or time.monotonic()
            answer += got


class Meter(threading.Thread):
    """The meter's end. Requests are 8 bytes, or told by `length`."""

    def __init__(self, wire, answer, delay=0.005):
        super().__init__(daemon=True)
        self.wire = wire
        self.answer = answer
        self.delay = delay
        self.raw = None  # (request) -> [(seconds before, bytes as they are)]
        self.seen = []  # (time, request without CRC)
        self.sent = []  # (wall clock in us, request, what was sent for it)
        self.ended = False
        self.start()

    def run(self):
        pending = b""
        while not self.ended:
            got = self.wire.receive(0.12)
            pending += got
            if not got:
                pending = b""
            elif len(pending) >= 4 and crc(pending[:-2]) == pending[-2:]:
                request, pending = pending[:-2], b""
                self.seen.append((time.monotonic(), request))
                sent = []
                self.sent.append((time.time_ns() // 1000, request, sent))
                for pause, data in (self.raw or self.proper)(request):
                    time.sleep(pause)
                    self.wire.send(data)
                    sent.append(data)

    def proper(self, request):
        reply = self.answer(request)
        return [] if reply is None else [(self.delay, framed(reply))]

    def stop(self):
        self.ended = True
        self.join()

    def requests(self):
        return [request for _, request in list(self.seen)]


class Registers:
    """A meter's answers from a table of registers; reads outside refuse."""

    def __init__(self, unit=1, function=4):
        self.unit = unit
        self.function = function
        self.words = {}
        self.also = {}  # request (hex, with unit) -> answer
        self.silent = False

    def set(self, address, *words):
        for i, word in enumerate(words):
            self.words[address + i] = word & 0xffff

    def set_float(self, address, value):
        import struct
        self.set(address, *struct.unpack(">HH", struct.pack(">f", value)))

    def __call__(self, request):
        if self.silent or request[0] != self.unit:
            return None
        if request.hex() in self.also:
            return self.also[request.hex()]
        if request[1] != self.function or len(request) != 6:
            return bytes((request[0], request[1] | 0x80, 1))
        address = request[2] << 8 | request[3]
        count = request[4] << 8 | request[5]
        if count == 0 or any(address + i not in self.words
                             for i in range(count)):
            return bytes((request[0], request[1] | 0x80, 2))
        data = b"".join(self.words[address + i].to_bytes(2, "big")
                        for i in range(count))
        return bytes((request[0], request[1], len(data))) + data


def sdm630(power_w=1000.0, unit=1):
    """An SDM630 that measures so much, in three equal phases."""
    meter = Registers(unit)
    meter.set(0, *[0] * 400)
    set_power(meter, power_w)
    for phase in range(3):
        meter.set_float(0 + 2 * phase, 230.0)
    meter.set_float(42, 230.0)
    meter.set_float(70, 50.0)
    meter.set_float(72, 1234.5)
    meter.set_float(74, 567.25)
    return meter


def set_power(meter, power_w):
    for phase in range(3):
        meter.set_float(6 + 2 * phase, abs(power_w) / 3 / 230)
        meter.set_float(12 + 2 * phase, power_w / 3)
        meter.set_float(18 + 2 * phase, abs(power_w) / 3)
        meter.set_float(30 + 2 * phase, 1.0 if power_w >= 0 else -1.0)
    meter.set_float(48, abs(power_w) / 230)
    meter.set_float(52, power_w)
    meter.set_float(56, abs(power_w))
    meter.set_float(62, 1.0 if power_w >= 0 else -1.0)
