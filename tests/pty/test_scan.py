# SPDX-License-Identifier: MIT
"""Scanning: five meters of different models, units and speeds on two lines are
found and named, nothing but reads is sent, and the configuration that comes
out is good and runs."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import PROGRAM, free_port, main, wait_for  # noqa: E402
from wire import (Registers, Wire, crc, framed, has_lock,  # noqa: E402
                  sdm630)

READS = (1, 2, 3, 4, 17, 43)
REST = "storage: {{path: {dir}/history.db}}\nweb: {{port: {port}}}\n"


class Bus(threading.Thread):
    """Several meters on one wire, each with its own way of being slow."""

    def __init__(self, wire, meters, delay=0.012):
        super().__init__(daemon=True)
        self.wire = wire
        self.meters = {meter.unit: meter for meter in meters}
        self.delay = delay
        self.requests = []
        self.garbage = 0  # bytes
        self.ended = False
        self.start()

    def run(self):
        pending = b""
        while not self.ended:
            # Less than the scanner waits, and longer than a held up wire.
            got = self.wire.receive(0.03)
            pending += got
            if len(pending) >= 4 and crc(pending[:-2]) == pending[-2:]:
                self.take(pending[:-2])
                pending = b""
            elif not got:
                self.garbage += len(pending)
                pending = b""

    def take(self, request):
        self.requests.append(request)
        meter = self.meters.get(request[0])
        reply = meter(request) if meter else None
        if reply is not None:
            time.sleep(self.delay)
            self.wire.send(framed(reply))

    def close(self):
        self.ended = True
        self.join()
        self.wire.close()

    def asked(self, unit):
        return [r for r in list(self.requests) if r[0] == unit]


def dtsu666(unit):
    meter = Registers(unit, 3)
    for start, count in ((0, 48), (0x101E, 20), (0x2000, 82), (0x401E, 20)):
        meter.set(start, *[0] * count)
    meter.set(6, 1, 10)
    meter.set(11, 0x00AA)
    for phase in range(3):
        meter.set_float(0x2000 + 2 * phase, 3990)
        meter.set_float(0x2006 + 2 * phase, 2301 + phase)
        meter.set_float(0x200C + 2 * phase, 1500)
    meter.set_float(0x2012, 10350)
    meter.set_float(0x2044, 5001)
    meter.set_float(0x101E, 77.5)
    return meter


def ddsu666(unit):
    meter = Registers(unit, 3)
    for start, count in ((0, 48), (0x2000, 18), (0x4000, 12)):
        meter.set(start, *[0] * count)
    meter.set_float(0x2000, 231.5)
    meter.set_float(0x2004, 1.25)
    meter.set_float(0x200E, 49.99)
    return meter


def sdm120(unit):
    meter = Registers(unit, 4)
    meter.set(0, *[0] * 96)
    meter.set_float(0, 229.0)
    meter.set_float(6, 4.0)
    meter.set_float(12, 916.0)
    meter.set_float(70, 50.0)
    return meter


def s100(unit):
    meter = Registers(unit, 3)
    for start, count in ((0, 130), (356, 8)):
        meter.set(start, *[0] * count)
    meter.set(0x5000, 8405)
    meter.set(97, 2301, 2302, 2303)
    meter.set(119, 5000)
    meter.set(356, 0, 100, 0, 200, 0, 300, 0, 600)
    return meter


def inverter_unknown(unit):
    """No map knows it, but it says who it is."""
    meter = Registers(unit, 3)
    meter.set(0, *[7] * 20)
    name = b"Acme"
    meter.also[bytes((unit, 43, 14, 1, 0)).hex()] = \
        bytes((unit, 43, 14, 1, 1, 0, 0, 1, 0, len(name))) + name
    return meter


class Two:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.one = Bus(Wire(self.folder.name, "one", 19200, "8E1"), [
            sdm630(unit=2), dtsu666(7), ddsu666(40), inverter_unknown(45)])
        self.two = Bus(Wire(self.folder.name, "two", 2400, "8N1"), [
            sdm120(1), s100(254)], delay=0.004)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.one.close()
        self.two.close()
        self.folder.cleanup()


def scan(*arguments, timeout=200):
    done = subprocess.run(
        [PROGRAM, "scan", "-m", "etc/maps", *arguments], timeout=timeout,
        capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def expected(two):
    return {(two.path("one"), 2): ("eastron-sdm630", 19200, "8E1"),
            (two.path("one"), 7): ("chint-dtsu666", 19200, "8E1"),
            (two.path("one"), 40): ("chint-ddsu666", 19200, "8E1"),
            (two.path("one"), 45): (None, 19200, "8E1"),
            (two.path("two"), 1): ("eastron-sdm120", 2400, "8N1"),
            (two.path("two"), 254): ("acrel-s100-sungrow", 2400, "8N1")}


def check_found(two, told):
    found = {(d["line"], d["unit"]): (d["map"], d["baud"], d["format"])
             for d in told["devices"]}
    assert found == expected(two), f"{found}, want {expected(two)}"
    unknown = next(d for d in told["devices"] if d["unit"] == 45)
    assert unknown["identity"] == "Acme", unknown
    for bus in (two.one, two.two):
        functions = {request[1] for request in bus.requests}
        assert functions <= set(READS), functions
        assert bus.garbage > 0, "no other speed was tried"


def run_with(two, proposal):
    """The gateway takes it, and all five are asked and answer."""
    config = two.path("gridshim.yaml")
    with open(config, "w") as f:
        f.write(proposal + REST.format(dir=two.folder.name, port=free_port()))
    check = subprocess.run(
        [PROGRAM, "check", "-c", config, "-m", "etc/maps"],
        capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr + proposal
    assert "2 lines, 5 devices" in check.stdout, check.stdout
    before = {bus: len(bus.requests) for bus in (two.one, two.two)}
    log = open(two.path("log"), "w")
    gateway = subprocess.Popen(
        [PROGRAM, "run", "-c", config, "-m", "etc/maps"], stderr=log)
    try:
        for bus in (two.one, two.two):
            for unit in bus.meters:
                if unit == 45:
                    continue
                wait_for(f"unit {unit} is asked", lambda: [
                    r for r in bus.requests[before[bus]:] if r[0] == unit])
        assert gateway.poll() is None
    finally:
        gateway.send_signal(signal.SIGTERM)
        code = gateway.wait(timeout=10)
        log.close()
    with open(two.path("log")) as f:
        assert code == 0, f.read()


def five_meters_on_two_lines():
    with Two() as two:
        begin = time.monotonic()
        code, out, log = scan(
            "-l", two.path("one"), "-l", two.path("two"), "--json",
            "--units", "1-50,254", "--timeout-ms", "100", "--before-s", "1")
        took = time.monotonic() - begin
        assert code == 0, out + log
        told = json.loads(out)
        check_found(two, told)
        assert "unit 2 at 19200 8E1: Eastron SDM630" in log, log
        print(f"# {len(told['devices'])} devices in {took:.0f} s,"
              f" {len(two.one.requests) + len(two.two.requests)} requests"
              " understood")
        run_with(two, told["proposal"])


def the_text_is_a_configuration():
    with Two() as two:
        code, out, log = scan(
            two.path("one"), two.path("two"), "--quick", "--bauds",
            "2400,19200", "--formats", "8E1,8N1", "--units", "1-7,40,45,254",
            "--before-s", "0")
        assert code == 0, out + log
        assert f"# {two.path('one')}: 4 devices" in out, out
        assert "map: ?" in out and "no map fits" in out, out
        run_with(two, out)


def a_line_where_others_talk_is_left_alone():
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(folder, "busy", 9600, "8N1")
        ended = threading.Event()
        request = framed(bytes((1, 3, 0, 0, 0, 65)))

        def ask():
            while not ended.wait(0.25):
                wire.send(request)

        asker = threading.Thread(target=ask)
        asker.start()
        try:
            code, out, log = scan(wire.path, "--units", "1")
        finally:
            ended.set()
            asker.join()
        heard = wire.receive(0.2)
        wire.close()
        assert code == 69, (code, out, log)
        assert "not scanned: somebody else asks on this line" in out, out
        assert heard == b"", heard.hex()


def a_line_in_use_is_left_alone():
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(folder, "bus", 9600)
        first = subprocess.Popen(
            [PROGRAM, "scan", "-m", "etc/maps", wire.path, "--units", "1-9"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for("the first has it", lambda: has_lock(first.pid))
            code, out, log = scan(wire.path, "--units", "1")
            assert code == 69, (code, out, log)
        finally:
            first.kill()
            first.wait()
            wire.close()
        assert f"in use by gridshim (pid {first.pid})" in out, out


def interrupted_it_tells_what_it_has():
    with Two() as two:
        process = subprocess.Popen(
            [PROGRAM, "scan", "-m", "etc/maps", two.path("two"), "--bauds",
             "2400", "--formats", "8N1", "--before-s", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if "unit 1 at 2400" in line:
                break
        process.send_signal(signal.SIGINT)
        out, log = process.communicate(timeout=20)
        assert process.returncode == 0, (process.returncode, log)
        assert "map: eastron-sdm120" in out, out


def what_is_not_there_is_told():
    code, out, log = scan("/nonexistent/tty", "--units", "1")
    assert code == 69 and "No such file" in out, (code, out, log)
    rows = ((("--units", "0"), "1 .. 255"), (("--bauds", "9601"), "none of"),
            (("--formats", "7E1"), "none of"),
            (("--timeout-ms", "5"), "20 .. 5000"), (("--write", "1"), ""))
    for arguments, reason in rows:
        code, out, log = scan("/dev/null", *arguments)
        assert code == 64 and reason in log, (arguments, code, log)


main([five_meters_on_two_lines, the_text_is_a_configuration,
      a_line_where_others_talk_is_left_alone, a_line_in_use_is_left_alone,
      interrupted_it_tells_what_it_has, what_is_not_there_is_told])
