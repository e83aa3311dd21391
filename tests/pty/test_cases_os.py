# SPDX-License-Identifier: MIT
"""Faults of lines and of the machine, by their numbers. In each the other line
keeps its time: the inverter's answers are compared with a quiet phase of the
same run."""
import fcntl
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from accounts import (agree, bytes_agree, events, is_within,  # noqa: E402
                      rows)
from rig import BUILD, Rig, main, percentile, wait_for  # noqa: E402
from wire import (Asker, Meter, Wire, framed, read_request,  # noqa: E402
                  sdm630)

CONFIG = """\
site: {{name: test, fuse_a: 63, phases: 3}}
lines:
  - {{name: meter, serial: {dir}/meter, baud: {baud}}}
  - {{name: inv1, serial: {dir}/inv1, baud: {baud}}}
  - {{name: inv2, serial: {dir}/inv2, baud: {baud}}}
devices:
  - {{name: grid, role: grid_meter, line: meter, unit: 1, map: eastron-sdm630, poll_ms: 100}}
shown:
  - {{name: one, line: inv1, unit: 1, map: acrel-1p-solis, source: grid,
     max_age_ms: 1500, limit_w: 3000, slew_w_per_s: 100000}}
  - {{name: two, line: inv2, unit: 1, map: acrel-1p-solis, source: grid,
     max_age_ms: 1500, limit_w: 3000, slew_w_per_s: 100000}}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
"""
QUESTION = read_request(1, 3, 13, 1)
ANSWER = b"\1\3\2" + (1000).to_bytes(2, "big")


class Lines(Rig):
    """A meter and two inverters in Python; inv2 is the line that must not
    notice."""

    def __init__(self, wires=("meter", "inv1", "inv2"), **more):
        super().__init__(config=CONFIG, wires=wires, baud=38400, **more)
        self.meter = None
        if "meter" in wires:
            self.start_meter()
        self.two = Asker(self.wires["inv2"])

    def start_meter(self):
        self.meter = Meter(self.wires["meter"], sdm630(1000.0))

    def answers(self, count=20, expected=ANSWER):
        """Seconds until each answer of the second inverter's line."""
        took = []
        for _ in range(count):
            answer, first = self.two.ask(QUESTION, 0.3)
            if answer is not None:
                assert answer.startswith(expected), answer
                took.append(first)
        return took

    def moved(self):
        states = json.loads(self.request("GET", "/api/v1/state")[1])["shown"]
        return next(s["offset"]["v"] for s in states if s["name"] == "two")

    def kept_time(self, quiet, busy):
        """The medians of a quiet phase and of this one."""
        assert len(busy) >= len(quiet) - 2, "answers are missing"
        before, after = statistics.median(quiet), statistics.median(busy)
        assert after < before + 0.010, f"{before:.4f} then {after:.4f} s"

    def line_counts(self, name):
        lines = json.loads(self.request("GET", "/api/v1/lines")[1])["lines"]
        return next(line for line in lines if line["name"] == name)

    def close(self):
        if getattr(self, "meter", None):
            self.meter.stop()
        super().close()


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def now_us():
    return time.time_ns() // 1000


def house_asks_ms(rig, since_us):
    """How long the house's inverter waited for answers since then."""
    return [int(row["latency_us"]) / 1000 for row in rig.rows(rig.frames)
            if row["side"] == "inverter" and row["result"] == "ok" and
            int(row["wall_us"]) >= since_us]


def unplugged(rig, line, quiet_ms, pid):
    since = now_us()
    rig.tell(f"unplug {line}")
    before = cpu_s(pid)
    time.sleep(0.6)
    spent = (cpu_s(pid) - before) / 0.6
    assert spent < 0.05, f"{spent:.0%} of a core"
    until = now_us()
    rig.tell(f"plug {line}")
    wait_for("it is heard again", lambda: rows(rig, line, until)["ok"])
    # What was under way had begun before, and all else waits for the line.
    found = rows(rig, line, since, until)
    assert not found["ok"] and sum(found.values()) <= 1, found
    if line != "inv1":
        busy_ms = house_asks_ms(rig, since)
        assert statistics.median(busy_ms) < quiet_ms + 10, busy_ms


def case_37_unplugged_in_every_state_costs_nothing():
    with Rig(ask_ms=100) as rig:
        rig.wait_active()
        pid = rig.child("proxy")
        time.sleep(1.0)
        quiet_ms = statistics.median(house_asks_ms(rig, 0))
        for line in ("meter", "inv1"):
            for _ in range(4):  # idle, in a request, in a reply: as it falls
                time.sleep(random.uniform(0, 0.25))
                unplugged(rig, line, quiet_ms, pid)
            wait_for(f"{line} was opened again 4 times",
                     lambda: events(rig, line)["reopened"] == 4)
        assert rig.child("proxy") == pid
        assert "the device is gone" in rig.log()
        agree(rig, "meter", "inv1")
        bytes_agree(rig)


def case_38_replugged_under_another_number():
    with Rig() as rig:
        rig.wait_active()
        path = os.path.join(rig.dir, "meter")
        before = os.readlink(path)
        since = now_us()
        rig.tell("unplug meter")
        # Somebody else takes its place, and more comes and goes beside it.
        other = os.openpty()
        busy = rig.spawn(sys.executable, "-c", f"""
import os, time
while True:
    open('{rig.dir}/busy', 'w').close()
    os.unlink('{rig.dir}/busy')
    time.sleep(0.01)
""")
        time.sleep(2.0)  # past the first tries
        begin = time.monotonic()
        until = now_us()
        rig.tell("plug meter")
        assert os.readlink(path) != before
        wait_for("answers again", rig.is_active)
        took = time.monotonic() - begin
        print(f"# measured fresh again {took:.2f} s after it was plugged in")
        assert took < 2.0
        busy.kill()
        for fd in other:
            os.close(fd)
        agree(rig, "meter", "inv1")
        assert not rows(rig, "meter", since, until)["ok"], "from the other?"
        wait_for("that it was opened again is counted",
                 lambda: events(rig, "meter")["reopened"] == 1)
        bytes_agree(rig)


def case_39_a_line_that_appears_later():
    with Lines(wires=("inv1", "inv2")) as rig:
        wait_for("it says so",
                 lambda: "meter: down, no such device" in rig.log())
        asked = 4
        for _ in range(asked):
            assert rig.two.ask(QUESTION, 0.3)[0] is None
        agree(rig, "meter", "inv2", going_on={})
        assert rows(rig, "inv2") == {"silent": asked}
        assert not rows(rig, "meter"), "nobody could be asked"
        rig.wires["meter"] = Wire(rig.dir, "meter", 38400)
        rig.start_meter()
        rig.wait_active()
        assert rig.answers(3)
        agree(rig, "meter", "inv2")


def case_40_held_by_another_program():
    with Lines(gateway=False) as rig:
        holder = os.open(rig.wires["inv1"].path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(holder, fcntl.LOCK_EX)
        rig.start()
        wait_for("it says so",
                 lambda: "inv1: down, in use by another program" in rig.log())
        rig.wait_active()
        one = Asker(rig.wires["inv1"])
        assert one.ask(QUESTION, 0.3)[0] is None
        assert len(rig.answers(5)) == 5, "the other line answers"
        agree(rig, "meter", "inv1", "inv2")
        assert not rows(rig, "inv1"), "heard on a line that is not ours"
        os.close(holder)
        wait_for("this one too",
                 lambda: one.ask(QUESTION, 0.3)[0] == ANSWER)
        agree(rig, "meter", "inv1", "inv2")
        wait_for("its row", lambda: rows(rig, "inv1") == {"ok": 1})


def case_41_a_full_output_buffer():
    with Lines() as rig:
        rig.wait_active()
        quiet = rig.answers()
        # The wire stands still, and its buffer is filled to the last byte.
        rig.wires["meter"].process.send_signal(signal.SIGSTOP)
        filler = os.open(rig.wires["meter"].path,
                         os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        busy = []
        def not_sent():
            # Filled again and again: the kernel moves bytes on by itself.
            busy.extend(rig.answers(1))
            for size in (4096, 64, 1):
                try:
                    while os.write(filler, b"\0" * size):
                        pass
                except BlockingIOError:
                    pass
            return rig.line_counts("meter")["events"]["broken"]
        try:
            wait_for("a request that is not taken", not_sent, every=0.002)
            rig.kept_time(quiet[:8], busy)
            wait_for("it is silent, and alive", lambda: not rig.is_active())
            wait_for("the row", lambda: rig.query(
                "SELECT 1 FROM txn WHERE side = 'meter'"
                " AND outcome = 'broken' AND response IS NULL"))
            agree(rig, "meter", "inv2")
        finally:
            os.close(filler)
            rig.wires["meter"].process.send_signal(signal.SIGCONT)
        rig.wait_active()


def garbage(rig, data, said):
    quiet = rig.answers()
    end = time.monotonic() + 8
    busy = []
    sent = 0
    while said not in rig.log():
        assert time.monotonic() < end, "nothing was said"
        rig.wires["inv1"].send(data())
        sent += len(data())
        busy += rig.answers(2)
    rig.kept_time(quiet[:len(busy) // 2], busy)
    agree(rig, "meter", "inv1", "inv2")
    wait_for(f"{sent} bytes are counted",
             lambda: events(rig, "inv1")["dropped_bytes"] == sent)
    assert not rows(rig, "inv1"), "nothing was a request"


def case_42_wrong_baud():
    with Lines() as rig:
        rig.wait_active()
        garbage(rig, lambda: os.urandom(40), "are speed and format right")


def case_43_break():
    with Lines() as rig:
        rig.wait_active()
        garbage(rig, lambda: bytes(40), "nothing but zeros")


def case_44_ended_and_reloaded_in_every_state():
    with Lines() as rig:
        rig.wait_active()
        slowest = 0
        for i in range(8):
            time.sleep(0.013 * i)
            slowest = max(slowest, rig.stop())
            rig.start()
            rig.wait_active()
        print(f"# measured slowest stop {slowest:.2f} s")
        assert slowest < 2.0
        for i in range(8):
            time.sleep(0.013 * i)
            rig.gateway.send_signal(signal.SIGHUP)
        rig.wait_active()
        assert rig.answers(5)
        for request in rig.meter.requests():
            assert len(request) == 6, "half a request went out"
        said = [frame for _, _, sent in list(rig.meter.sent) for frame in sent]
        had = [row[0] for row in rig.query(
            "SELECT response FROM txn WHERE side = 'meter' AND"
            " outcome = 'ok' ORDER BY id")]
        assert had and is_within(had, said), "the meter never said that"
        assert set(rows(rig, "meter")) <= {"ok", "broken"}


def case_45_the_clock_steps():
    library = os.path.join(BUILD, "step_clock.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library,
                    "tests/fault/step_clock.c", "-ldl"], check=True)
    with Lines(gateway=False) as rig:
        step = os.path.join(rig.dir, "step")
        with open(step, "w") as f:
            f.write("0")
        os.environ.update(LD_PRELOAD=os.path.abspath(library),
                          STEP_CLOCK=step)
        try:
            rig.start()
        finally:
            del os.environ["LD_PRELOAD"], os.environ["STEP_CLOCK"]
        rig.wait_active()
        quiet = rig.answers()
        rig.offset(500, 600, shown="two")
        wait_for("the offset is there",
                 lambda: rig.moved() == 500)
        for seconds in (7200, -7200, 0):
            with open(step, "w") as f:
                f.write(str(seconds))
            busy = []
            for _ in range(10):
                answer, first = rig.two.ask(QUESTION, 0.3)
                assert answer is not None, "silent"
                busy.append(first)
            rig.kept_time(quiet[:10], busy)
            assert rig.moved() == 500, "the lease is monotonic"
        agree(rig, "meter", "inv2")
        assert set(rows(rig, "inv2")) == {"ok"}
        wait_for("rows of both times", lambda: rig.query(
            "SELECT max(time_us) - min(time_us) > 7e9 FROM txn")[0][0])


def case_46_a_slow_and_a_full_disk():
    with Lines() as rig:
        rig.wait_active()
        quiet = rig.answers()
        storage = rig.child("storage")
        os.kill(storage, signal.SIGSTOP)
        busy = rig.answers()
        os.kill(storage, signal.SIGCONT)
        rig.kept_time(quiet, busy)
        # No byte more may be written to any file.
        limit(rig.child("storage"), "0:unlimited")
        busy = rig.answers()
        rig.kept_time(quiet, busy)
        wait_for("it is said", lambda: "storage: " in rig.log())
        limit(rig.child("storage"), "unlimited:unlimited")
        before = rig.query("SELECT coalesce(max(id), 0) FROM txn")[0][0]
        rig.answers(5)
        wait_for("rows again", lambda: rig.query(
            "SELECT coalesce(max(id), 0) FROM txn")[0][0] > before)
        lost = sum(int(n) for n in re.findall(
            r"writing again, (\d+) records were lost", rig.log()))
        for line in ("meter", "inv2"):
            told, found = events(rig, line), rows(rig, line)
            missing = sum(told[name] - found[name]
                          for name in ("ok", "silent"))
            assert 0 < lost and missing <= lost + 20, (told, found, lost)


def limit(pid, bytes_):
    subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={bytes_}"],
                   check=True)


def held_by(pid):
    """Descriptors, KiB of memory asked for, and in use."""
    with open(f"/proc/{pid}/status") as f:
        kib = {line.split(":")[0]: int(line.split()[1]) for line in f
               if line.endswith(" kB\n")}
    return len(os.listdir(f"/proc/{pid}/fd")), kib["VmData"], kib["VmRSS"]


def case_47_nothing_grows():
    """A day of mixed faults in 20 s: lines of noise, a meter that is silent,
    late and refuses, pages and streams asked for and left, an offset set and
    ended."""
    with Lines() as rig:
        rig.wait_active()
        pids = {"gridshim": rig.gateway.pid, **rig.children()}
        draw = random.Random(47)
        wrongs = (None, None, lambda r: [], lambda r: [(0.13, b"\1\4\0")],
                  lambda r: [(0.005, framed(bytes((1, r[1] | 0x80, 6))))],
                  lambda r: [(0.0, draw.randbytes(150))])

        def mixed(seconds):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                rig.meter.raw = draw.choice(wrongs)
                rig.wires["inv1"].send(draw.randbytes(30))
                rig.request("GET", "/api/v1/lines")
                with socket.create_connection(("127.0.0.1", rig.port)) as s:
                    s.send(draw.choice((b"GET /api/v1/events HTTP/1.1\r\n"
                                        b"Host: 127.0.0.1\r\n\r\n",
                                        draw.randbytes(40))))
                rig.offset(draw.randrange(-500, 500), 60, shown="two")
                rig.two.ask(QUESTION, 0.1)
            rig.meter.raw = None
            wait_for("fresh again",
                     lambda: rig.answers(1, expected=ANSWER[:3]))
            time.sleep(1.0)  # connections that were left are closed

        mixed(6)  # what grows with use has grown
        before = {name: held_by(pid) for name, pid in pids.items()}
        mixed(14)
        after = {name: held_by(pid) for name, pid in pids.items()}
        print(f"# measured (descriptors, KiB) {before} then {after}")
        for name, (descriptors, _, used) in after.items():
            assert descriptors == before[name][0], name
            # SQLite's cache and the proxy's ring fill for a while.
            assert used <= before[name][2] + 3000, name
        # Allocates nothing after its start.
        assert after["proxy"][1] == before["proxy"][1]
        assert rig.children() == {k: v for k, v in pids.items()
                                  if k != "gridshim"}, "nobody has died"
        text = rig.request("GET", "/metrics")[1]
        dropped = [line.split()[1] for line in text.splitlines()
                   if line.startswith("gridshim_records_dropped_total")]
        assert dropped and set(dropped) == {"0"}, dropped
        agree(rig, "meter", "inv1", "inv2")


main([case_37_unplugged_in_every_state_costs_nothing,
      case_38_replugged_under_another_number,
      case_39_a_line_that_appears_later, case_40_held_by_another_program,
      case_41_a_full_output_buffer, case_42_wrong_baud, case_43_break,
      case_44_ended_and_reloaded_in_every_state, case_45_the_clock_steps,
      case_46_a_slow_and_a_full_disk, case_47_nothing_grows])
