# SPDX-License-Identifier: MIT
"""After its start the proxy asks for no memory, sleeps nowhere but in its loop,
and opens and writes no file; whatever clients, lines, web and storage do."""
import os
import signal
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import BUILD, main, wait_for  # noqa: E402
from tcp_rig import (BOX, METER, NOBODY, SHOWN, TcpRig,  # noqa: E402
                     UNPOLLED, read_pdu)
from wire import Asker, read_request  # noqa: E402

COUNTER = os.path.abspath(os.path.join(BUILD, "count.so"))
INLINE_LINE = """\
  - {{name: inv2, serial: {dir}/inv2, baud: 9600, format: 8N1}}
"""
INLINE = """\
  - {name: as-itself, line: inv2, unit: 7, map: eastron-sdm630, mode: inline,
     source: grid, max_age_ms: 1500, limit_w: 3000, slew_w_per_s: 1000}
"""
COUNTS = ("allocations", "frees", "waits", "waits_asleep", "terminal",
          "terminal_asleep")
# Times asleep that are neither the loop's nor a terminal's: a page that was
# not in memory yet, a lock in the kernel. A call of ours that waits is made
# with every request or record, and would be found by its hundreds.
ELSEWHERE = 0.01


class Watched(TcpRig):
    def __init__(self):
        self.counts = tempfile.mkdtemp(prefix="gridshim-count-")
        super().__init__(
            house=["--calm"], wires=("inv2",), house_too=True, ask_ms=100,
            more_lines=INLINE_LINE, more_shown=INLINE,
            env={"LD_PRELOAD": COUNTER, "GRIDSHIM_COUNT": self.counts})
        self.pid = self.child("proxy")
        self.asker = Asker(self.wires["inv2"])

    def close(self):
        super().close()
        for name in os.listdir(self.counts):
            os.unlink(os.path.join(self.counts, name))
        os.rmdir(self.counts)

    def counted(self):
        """COUNTS of the proxy so far."""
        with open(os.path.join(self.counts, str(self.pid)), "rb") as f:
            values = struct.unpack("6Q256s256s", f.read(48 + 512))
        self.last = [who.split(b"\0")[0].decode() for who in values[6:]]
        return dict(zip(COUNTS, values))

    def proc(self, name, key):
        with open(f"/proc/{self.pid}/{name}") as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith(key + ":"))

    def files(self):
        """What the proxy has open, sockets and terminals aside."""
        folder = f"/proc/{self.pid}/fd"
        names = []
        for fd in os.listdir(folder):
            try:
                name = os.readlink(os.path.join(folder, fd))
            except FileNotFoundError:
                continue
            if not name.startswith(("socket:", "/dev/pts/")):
                names.append(name)
        return sorted(names)

    def inline(self, address, count):
        return self.asker.ask(read_request(7, 4, address, count))[0]


def talk(rig, seconds):
    """Everybody asks: over TCP from memory and over the line, and inline. What
    they are told is not looked at here: there may be trouble."""
    end = time.monotonic() + seconds
    answers = 0
    clients = [rig.client() for _ in range(4)]
    while time.monotonic() < end:
        with rig.client() as passing:
            passing.ask(METER, read_pdu(52, 2, 4))
        for client in clients:
            client.ask(METER, read_pdu(0, 60, 4))
            client.ask(METER, read_pdu(UNPOLLED, 2, 4))
            client.ask(SHOWN, read_pdu(13, 1))
            client.ask(BOX, read_pdu(0, 26))
            client.ask(NOBODY, read_pdu(0, 1))
        answers += rig.inline(52, 2) is not None
        answers += rig.inline(UNPOLLED, 2) is not None
    for client in clients:
        client.reset()
    return answers


def settle(rig):
    """Ten seconds after the first answer, with every path used once."""
    rig.wait_active()
    wait_for("an answer inline", lambda: rig.inline(52, 2))
    begin = time.monotonic()
    talk(rig, 3)
    time.sleep(max(0, begin + 10 - time.monotonic()))


def trouble(rig):
    """Of every kind, while the house's inverter goes on asking."""
    rig.offset(700, 60, shown="solis-meter")
    rig.offset(-400, 5, shown="as-itself")
    for line in ("meter", "inv1"):
        rig.tell(f"unplug {line}")
        time.sleep(2.5)
        rig.tell(f"plug {line}")
        rig.wait_active()
    os.kill(rig.child("web"), signal.SIGKILL)
    storage = rig.child("storage")
    os.kill(storage, signal.SIGSTOP)
    time.sleep(3)
    os.kill(storage, signal.SIGCONT)
    rig.wait_active()


def asks_for_no_memory_and_no_file():
    with Watched() as rig:
        settle(rig)
        before, files = rig.counted(), rig.files()
        written = rig.proc("io", "write_bytes")
        assert before["allocations"] > 0 and before["waits"] > 0, before
        talking = threading.Thread(target=talk, args=(rig, 2))
        talking.start()
        trouble(rig)
        talking.join()
        assert talk(rig, 3) > 0
        after = rig.counted()
        since = {name: after[name] - before[name] for name in COUNTS}
        print(f"# measured {before['allocations']} allocations until the "
              f"first answers, then {since['allocations']}, and "
              f"{since['frees']} frees, in {since['waits']} turns of the loop")
        assert rig.child("proxy") == rig.pid
        assert since["allocations"] == since["frees"] == 0, (
            since, rig.last)
        assert rig.files() == files, (files, rig.files())
        assert rig.proc("io", "write_bytes") == written


SWITCHES = "voluntary_ctxt_switches"


def sleeps_only_in_its_loop():
    with Watched() as rig:
        settle(rig)
        before, asleep = rig.counted(), -rig.proc("status", SWITCHES)
        talk(rig, 10)
        asleep += rig.proc("status", SWITCHES)
        after = rig.counted()
        since = {name: after[name] - before[name] for name in COUNTS}
        elsewhere = asleep - since["waits_asleep"] - since["terminal_asleep"]
        print(f"# measured asleep in {since['waits']} waits for events "
              f"{since['waits_asleep']} times, in {since['terminal']} calls "
              f"on terminals {since['terminal_asleep']}, elsewhere "
              f"{elsewhere}")
        assert since["waits"] > 500 and since["terminal"] > 500
        # Handing the bytes over is waited for once a call.
        assert since["terminal_asleep"] <= since["terminal"]
        # The 3: the readings are not at the same moment.
        assert elsewhere <= ELSEWHERE * since["waits"] + 3


main([asks_for_no_memory_and_no_file, sleeps_only_in_its_loop])
