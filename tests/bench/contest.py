# SPDX-License-Identifier: MIT
"""What the sections of the bench share: lines, contestants, CPU, tables."""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import BUILD, CONFIG, HOUSE, Rig, free_port, wait_for  # noqa: E402
from tcp_rig import TCP  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SHOWN_UNIT = 2  # in TCP
COUNT = 10  # registers a question


# gridshim's proxy goes before others where it has the right to; who is nicer
# gathers more before it runs. Contestants are to be equals in this.
PROXY_NICE = -10


def may_be_urgent():
    limit = resource.getrlimit(resource.RLIMIT_NICE)[0]
    return os.geteuid() == 0 or limit >= 20 - PROXY_NICE


URGENT = ["nice", "-n", str(PROXY_NICE)] if may_be_urgent() else []


def bauds(default):
    return [int(b) for b in os.environ.get("BAUDS", default).split(",")]


def tool(name):
    return os.path.join(BUILD, name)


def t35_us(baud):
    """Of a line without pacing: what those on it believe it to be."""
    return 1750 if baud == 0 or baud > 19200 else int(3.5 * 11 * 1e6 / baud)


def cpu_ns(pid):
    """Time on the CPU of every thread, to the nanosecond."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def rss_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def run_json(*command):
    return json.loads(subprocess.run(
        [str(word) for word in command], capture_output=True, text=True,
        check=True).stdout)


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def median_of(results, key):
    return median([r[key] for r in results])


class Targets:
    """What was promised, said beside what was measured; at the end, what was
    missed."""

    def __init__(self):
        self.missed = []

    def check(self, name, value, limit, unit="", least=False):
        """value is to be at most the limit, or at least."""
        good = value >= limit if least else value <= limit
        said = (f"{name}: {value:.2f}{unit}, "
                f"{'at least' if least else 'at most'} {limit:.2f}{unit}")
        print(f"  {'met   ' if good else 'MISSED'} {said}")
        if not good:
            self.missed.append(said)


def open_files(pid):
    folder = f"/proc/{pid}/fd"
    return [os.path.realpath(os.path.join(folder, fd))
            for fd in os.listdir(folder)]


def listens(port):
    with open("/proc/net/tcp") as f:
        return any(line.split()[1].endswith(f":{port:04X}") and
                   line.split()[3] == "0A" for line in f.readlines()[1:])


class Program:
    """One that is measured or that others are measured with."""

    def __init__(self, *command, opens=None, port=None):
        self.process = subprocess.Popen([str(word) for word in command],
                                        stdout=subprocess.DEVNULL)
        self.pid = self.process.pid
        try:
            if opens:
                wait_for(f"{command[0]} holds its line",
                         lambda: os.path.realpath(opens) in
                         open_files(self.pid))
            if port:
                wait_for(f"{command[0]} listens", lambda: listens(port))
        except BaseException:
            self.close()
            raise

    def close(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class Line:
    """A paced line of its own; 0: as fast as it goes."""

    def __init__(self, baud):
        self.dir = tempfile.mkdtemp(prefix="gridshim-bench-")
        self.near = os.path.join(self.dir, "near")
        self.far = os.path.join(self.dir, "far")
        self.process = subprocess.Popen(
            [*URGENT, HOUSE, "--line-only", "--baud", str(baud), "--link-a",
             self.near, "--link-z", self.far], stdout=subprocess.DEVNULL)
        wait_for("the line", lambda: os.path.exists(self.near) and
                 os.path.exists(self.far))

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Gridshim(Rig):
    """All of it, in a calm house, with Modbus TCP."""

    def __init__(self, shown_line=None, baud=9600, tcp=TCP, more_lines="",
                 devices=""):
        """shown_line: the tty on which it answers unit 1, instead of the
        house's."""
        self.tcp_port = free_port()
        config = CONFIG.replace("shown:", devices + "shown:", 1)
        if shown_line:
            config = config.replace(
                "serial: {dir}/inv1, baud: {baud}",
                f"serial: {shown_line}, baud: {baud}")
        super().__init__(
            house=["--calm"], ask_ms=5000, config=config,
            more_lines=more_lines, more_blocks=tcp.format(
                port=self.tcp_port, connections=1024, idle=300))
        try:
            self.wait_active()
            wait_for("it listens", lambda: listens(self.tcp_port))
            self.pid = self.child("proxy")
            self.pids = [self.pid, self.gateway.pid, self.child("storage"),
                         self.child("web")]
        except BaseException:
            self.close()
            raise


def tcp_load(port, unit, clients, depth, seconds, pid=None, function=3):
    """What tcp_load tells, and the CPU of the process per 1000 answers."""
    before = cpu_ns(pid) if pid else 0
    result = run_json(tool("tcp_load"), port, unit, function, 0, COUNT,
                      clients, depth, seconds)
    used = cpu_ns(pid) - before if pid else 0
    result["cpu_ms"] = used / 1e6 * 1000 / max(1, result["answers"])
    return result


def apart(pid):
    """The program on one core, and what we start from now on the others: as
    if its clients were other machines. With one core, no more than that."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, cores[:1])


class Elsewhere:
    """Within it what is started runs beside apart's core."""

    def __enter__(self):
        self.cores = os.sched_getaffinity(0)
        if len(self.cores) > 1:
            os.sched_setaffinity(0, sorted(self.cores)[1:])

    def __exit__(self, *what):
        os.sched_setaffinity(0, self.cores)


def settle():
    """So that what was left of the last one is done."""
    time.sleep(0.2)
