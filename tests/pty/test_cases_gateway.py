# SPDX-License-Identifier: MIT
"""Units behind the Modbus TCP server, of which one is dead."""
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, free_port, main, wait_for  # noqa: E402
from wire import Meter, sdm630  # noqa: E402

TIMEOUT_MS = 200
CONFIG = """\
lines:
  - {{name: bus, serial: {dir}/bus, baud: {baud}}}
devices:
  - {{name: live, role: meter, line: bus, unit: 1, map: eastron-sdm630, poll_ms: 0}}
  - {{name: dead, role: meter, line: bus, unit: 9, map: eastron-sdm630, poll_ms: 0,
     timeout_ms: %d}}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
modbus_tcp:
  port: %d
  units: [{{unit: 1, device: live}}, {{unit: 9, device: dead}}]
"""


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.number = 0

    def ask(self, unit, address=200, count=2):
        """The PDU of the answer and the seconds it took."""
        self.number += 1
        begin = time.monotonic()
        self.socket.sendall(struct.pack(
            ">HHHBBHH", self.number, 0, 6, unit, 4, address, count))
        data = self.socket.recv(300)
        assert struct.unpack(">H", data[:2])[0] == self.number
        return data[7:], time.monotonic() - begin

    def close(self):
        self.socket.close()


def case_58_a_dead_unit_delays_a_live_one_by_a_timeout_at_most():
    port = free_port()
    with Rig(config=CONFIG % (TIMEOUT_MS, port), wires=("bus",),
             baud=38400) as rig:
        meter = Meter(rig.wires["bus"], sdm630(1000.0))
        client = wait_for("it listens", lambda: connect(port))
        quiet = max(client.ask(1)[1] for _ in range(10))
        ended = threading.Event()
        dead = []

        def ask_the_dead():
            other = Client(port)
            while not ended.is_set():
                dead.append(other.ask(9))
                time.sleep(0.02)  # or this thread leaves the others no time
            other.close()
        asker = threading.Thread(target=ask_the_dead)
        asker.start()
        took = []
        end = time.monotonic() + 4
        while time.monotonic() < end:
            answer, seconds = client.ask(1)
            assert answer[:2] == b"\4\4", answer
            took.append(seconds)
        ended.set()
        asker.join()
        client.close()
        meter.stop()
        slow = [t for t in took if t > quiet + 0.05]
        print(f"# quiet {quiet * 1e3:.0f} ms; beside a dead unit at most"
              f" {max(took) * 1e3:.0f} ms, {len(slow)} of {len(took)} waited")
        assert max(took) < quiet + 1.5 * TIMEOUT_MS / 1e3
        assert len(slow) < len(took) / 10, "it is left alone then"
        assert {answer for answer, _ in dead} == {b"\x84\x0b"}
        asked = sum(r[0] == 9 for r in meter.requests())
        assert asked < 12, "and not asked each time"


def connect(port):
    try:
        return Client(port)
    except OSError:
        return None


main([case_58_a_dead_unit_delays_a_live_one_by_a_timeout_at_most])
