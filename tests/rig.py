# SPDX-License-Identifier: MIT
"""A simulated house with the real gateway in it, for the tests on ttys.

    with Rig() as rig:
        rig.wait_active()
        rig.offset(500, 60)

The house is a program of its own on libmodbus's blocking client and server;
the lines between are pseudo-terminals that pace bytes at the baud rate.
"""
import csv
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

from stall import Watch
from wire import Wire

BUILD = os.environ.get("B", "build")
PROGRAM = os.path.join(BUILD, "gridshim")
HOUSE = os.path.join(BUILD, "house")

# The shortest of the waits that are tested, and how often a test is tried when
# the machine stood still for longer than that.
STALL_S = 0.15
TRIES = 4

CONFIG = """\
site: {{name: test, fuse_a: 25, phases: 3}}
lines:
  - {{name: meter, serial: {dir}/meter, baud: {baud}, format: 8N1}}
  - {{name: inv1, serial: {dir}/inv1, baud: {baud}, format: 8N1}}
{more_lines}
devices:
  - {{name: grid, role: grid_meter, line: meter, unit: 1, map: {meter_map}, poll_ms: {poll_ms}}}
shown:
  - {{name: solis-meter, line: inv1, unit: 1, map: acrel-1p-solis, mode: emulate, source: grid,
     max_age_ms: 1500, on_stale: silent, limit_w: 3000, slew_w_per_s: 1000}}
{more_shown}
policy: {{mode: transparent}}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
{more_blocks}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, timeout=20.0, every=0.02):
    """The condition's first true value; fails with `what` in the message."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(every)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Rig:
    def __init__(self, house=(), baud=9600, poll_ms=200, ask_ms=200,
                 meter_map="eastron-sdm630", more_lines="", more_shown="",
                 more_blocks="", gateway=True, config=None, wires=(),
                 house_too=False, env=None):
        """config: another one than CONFIG, with {dir} and {port} in it. wires:
        names of lines without a house (see wire.py), then self.wires; the
        house runs beside them when it is wanted too. env: more environment
        for the gateway."""
        self.dir = tempfile.mkdtemp(prefix="gridshim-")
        self.env = env or {}
        self.port = free_port()
        self.config = os.path.join(self.dir, "gridshim.yaml")
        self.database = os.path.join(self.dir, "history.db")
        self.truth = os.path.join(self.dir, "truth.csv")
        self.frames = os.path.join(self.dir, "frames.csv")
        self.log_file = os.path.join(self.dir, "gridshim.log")
        with open(self.config, "w") as f:
            f.write((config or CONFIG).format(
                dir=self.dir, baud=baud, port=self.port, poll_ms=poll_ms,
                meter_map=meter_map,
                more_lines=more_lines.format(dir=self.dir),
                more_shown=more_shown, more_blocks=more_blocks))
        self.others = []
        self.gateway = None
        self.house = None
        self.wires = {}
        try:
            for name in wires:
                self.wires[name] = Wire(self.dir, name, baud)
            if not wires or house_too:
                self.start_house(baud, ask_ms, house)
            if gateway:
                self.start()
        except BaseException:
            self.close()
            raise

    # processes

    def start_house(self, baud, ask_ms, house):
        self.house = subprocess.Popen(
            [HOUSE, "--dir", self.dir, "--baud", str(baud),
             "--truth", self.truth, "--frames", self.frames,
             "--ask-ms", str(ask_ms), "--with-parent", *house],
            stdout=subprocess.PIPE, text=True)
        assert self.house.stdout.readline().strip() == "ready"

    def start(self):
        log = open(self.log_file, "a")
        self.gateway = subprocess.Popen(
            [PROGRAM, "run", "-c", self.config, "-m", "etc/maps"], stderr=log,
            env={**os.environ, **self.env})
        log.close()

    def stop(self):
        """Ends the gateway; how long that took, in seconds."""
        begin = time.monotonic()
        self.gateway.send_signal(signal.SIGTERM)
        code = self.gateway.wait(timeout=10)
        took = time.monotonic() - begin
        self.gateway = None
        assert code == 0, f"exit code {code}"
        return took

    def children(self):
        """pid by name of the gateway's processes."""
        out = subprocess.run(
            ["ps", "-o", "pid=,comm=", "--ppid", str(self.gateway.pid)],
            capture_output=True, text=True).stdout
        return {line.split()[1]: int(line.split()[0])
                for line in out.splitlines()}

    def child(self, name):
        return wait_for(f"process {name}", lambda: self.children().get(name))

    def spawn(self, *command, **options):
        process = subprocess.Popen(command, **options)
        self.others.append(process)
        return process

    # the house

    def tell(self, command):
        return subprocess.run(
            [HOUSE, "--tell", self.dir, command], capture_output=True,
            text=True, check=True, timeout=10).stdout.strip()

    def house_state(self):
        return json.loads(self.tell("state"))

    def rows(self, path):
        """Complete rows of a CSV file that is being written."""
        with open(path) as f:
            text = f.read()
        return list(csv.DictReader(text[:text.rfind("\n") + 1].splitlines()))

    # the gateway, from outside

    def request(self, method, path, body=None, headers=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=timeout)
        fields = {"X-Gridshim": "1"}
        if body is not None:
            fields["Content-Type"] = "application/json"
            body = json.dumps(body)
        fields.update(headers or {})
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def state(self):
        try:
            status, text = self.request("GET", "/api/v1/state")
        except OSError:
            return None
        return json.loads(text)["shown"][0] if status == 200 else None

    def is_active(self):
        state = self.state()
        return state and state["state"] == "active"

    def wait_active(self):
        wait_for("the shown meter answers", self.is_active)

    def offset(self, value_w, duration_s, **more):
        status, text = self.request("PUT", "/api/v1/offset", {
            "value_w": value_w, "duration_s": duration_s, **more})
        assert status in (200, 204), f"{status} {text}"

    def query(self, sql, *arguments):
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return db.execute(sql, arguments).fetchall()
        finally:
            db.close()

    def log(self):
        with open(self.log_file) as f:
            return f.read()

    # the end

    def close(self):
        for process in self.others:
            process.kill()
            process.wait()
        for process in (self.gateway, self.house):
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for wire in self.wires.values():
            wire.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.tell_why()
        self.close()

    def tell_why(self):
        """What there is to look at after a failure."""
        time.sleep(1.3)  # let the last rows be committed
        print("--- gateway's log\n" + self.log()[-4000:])
        print("--- last transactions")
        try:
            for row in self.query(
                    "SELECT time_us / 1000 % 1000000, side, outcome,"
                    " sample_age_ms, true_w, offset_w, reason, address, count,"
                    " duration_us FROM txn ORDER BY id DESC LIMIT 40")[::-1]:
                print(*row)
        except sqlite3.Error as error:
            print(error)
        if self.house is None:
            return
        print("--- last frames of the house")
        for row in self.rows(self.frames)[-40:]:
            print(row["mono_us"], row["side"], row["result"],
                  row["latency_us"])


def attempt(test, watch):
    """None when it passed, or what went wrong."""
    begin = time.monotonic()
    watch.start()
    try:
        test()
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        return error
    print(f"# ok   {test.__name__} ({time.monotonic() - begin:.1f} s)")
    return None


def passed(test, watch):
    """A failure counts unless the machine itself stood still meanwhile: then
    nothing was learnt, and it is tried again."""
    for _ in range(TRIES):
        error = attempt(test, watch)
        if error is None:
            return True
        stall_s = watch.longest_s()
        if stall_s < STALL_S:
            break
        print(f"# again {test.__name__}: {error}; the machine stood still for"
              f" {stall_s:.2f} s")
    print(f"# FAIL {test.__name__}: {error}")
    return False


def main(tests):
    """Runs the functions given, says which failed."""
    watch = Watch()
    failed = 0
    for test in tests:
        failed += not passed(test, watch)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
