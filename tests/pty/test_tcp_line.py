# SPDX-License-Identifier: MIT
"""A meter behind Modbus TCP: the same values, the same silence."""
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, free_port, main, wait_for  # noqa: E402
from wire import Asker, read_request, sdm630, set_power  # noqa: E402

CONFIG = """\
site: {{name: test, fuse_a: 63, phases: 3}}
lines:
  - {{name: lan, tcp: 127.0.0.1, port: %d}}
  - {{name: inv1, serial: {dir}/inv1, baud: {baud}}}
devices:
  - {{name: grid, role: grid_meter, line: lan, unit: 3, map: eastron-sdm630, poll_ms: 100}}
shown:
  - {{name: shown, line: inv1, unit: 7, map: eastron-sdm630, mode: inline, source: grid,
     max_age_ms: 700, limit_w: 3000, slew_w_per_s: 100000}}
storage: {{path: {dir}/history.db, commit_s: 1}}
web: {{listen: 127.0.0.1, port: {port}}}
"""


class TcpMeter(threading.Thread):
    """One connection at a time; `change(frame)` may hold back or alter."""

    def __init__(self, port, registers):
        super().__init__(daemon=True)
        self.port = port
        self.registers = registers
        self.change = None
        self.connections = 0
        self.connection = None
        self.listener = None
        self.listen()
        self.start()

    def listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen()

    def run(self):
        while True:
            try:
                self.connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            self.serve(self.connection)

    def serve(self, connection):
        pending = b""
        while True:
            try:
                got = connection.recv(512)
            except OSError:
                return
            if not got:
                return
            pending += got
            while len(pending) >= 7:
                size = 6 + struct.unpack(">H", pending[4:6])[0]
                if len(pending) < size:
                    break
                frame, pending = pending[:size], pending[size:]
                reply = self.registers(frame[6:])
                if reply is None:
                    continue
                answer = frame[:4] + struct.pack(">H", len(reply)) + reply
                try:
                    for part in (self.change or (lambda a: [a]))(answer):
                        connection.sendall(part)
                except OSError:
                    return

    def cut(self):
        self.connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.connection:
            self.connection.close()


class Lan(Rig):
    def __init__(self, meter=True):
        self.tcp_port = free_port()
        self.grid = sdm630(1000.0, unit=3)
        self.meter = TcpMeter(self.tcp_port, self.grid) if meter else None
        super().__init__(config=CONFIG % self.tcp_port, wires=("inv1",),
                         baud=38400)
        self.asker = Asker(self.wires["inv1"])

    def power(self, deadline=0.3):
        answer = self.asker.ask(read_request(7, 4, 52, 2), deadline)[0]
        return answer and struct.unpack(">f", answer[3:])[0]

    def close(self):
        if getattr(self, "meter", None):
            self.meter.close()
        super().close()


def values_and_passing():
    with Lan() as rig:
        rig.wait_active()
        assert rig.power() == 1000.0
        set_power(rig.grid, -250.0)
        wait_for("the new value", lambda: rig.power() == -250.0)
        rig.grid.also["030300120002"] = bytes.fromhex("03030400000001")
        answer, took = rig.asker.ask(bytes.fromhex("070300120002"))
        assert answer.hex() == "07030400000001"
        print(f"# measured passed through in {took * 1e3:.1f} ms")
        # In pieces, as a stream may come.
        rig.meter.change = lambda a: [a[i:i + 1] for i in range(len(a))]
        set_power(rig.grid, 333.0)
        wait_for("the value in pieces", lambda: rig.power() == 333.0)


def an_answer_with_another_number_is_late():
    with Lan() as rig:
        rig.wait_active()
        held = []

        def one_late(answer):
            """Each answer comes when the next is asked for: same unit, same
            function, and now and then the same length."""
            held.append(answer)
            return [held.pop(0)] if len(held) > 1 else []
        rig.meter.change = one_late
        set_power(rig.grid, 777.0)
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            assert rig.power(0.1) in (None, 1000.0)
        assert not rig.is_active()
        rows = wait_for("rows of what came late", lambda: rig.query(
            "SELECT count(*) FROM txn WHERE outcome = 'mismatch'")[0][0])
        print(f"# {rows} late answers, none taken")
        rig.meter.change = None
        wait_for("good answers again", lambda: rig.power() == 777.0)


def a_lost_connection_comes_back():
    with Lan() as rig:
        rig.wait_active()
        rig.meter.cut()
        wait_for("a second connection", lambda: rig.meter.connections == 2)
        wait_for("answers", lambda: rig.power() == 1000.0)
        # Another protocol on that port: not Modbus TCP.
        rig.meter.change = lambda a: [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
        wait_for("silence", lambda: not rig.is_active())
        rig.meter.change = None
        wait_for("answers again", lambda: rig.power() == 1000.0)


def a_device_that_appears_later():
    with Lan(meter=False) as rig:
        wait_for("a line in the log that helps",
                 lambda: "connection refused; is Modbus TCP" in rig.log())
        assert rig.power() is None
        rig.meter = TcpMeter(rig.tcp_port, rig.grid)
        wait_for("answers", lambda: rig.power() == 1000.0)


main([values_and_passing, an_answer_with_another_number_is_late,
      a_lost_connection_comes_back, a_device_that_appears_later])
