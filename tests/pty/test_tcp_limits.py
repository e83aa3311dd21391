# SPDX-License-Identifier: MIT
"""Modbus TCP: clients that are slow, silent, deaf or too many."""
import os
import resource
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import rig  # noqa: E402
from rig import percentile, wait_for  # noqa: E402
from tcp_rig import BOX, SHOWN, TcpRig, read_pdu, request  # noqa: E402


def quick_times():
    """A house whose gateway is impatient, and has four places."""
    with TcpRig(connections=4, idle=2) as box:
        case_54_slowloris(box)
        case_60_idle(box)
        places_are_counted(box)


def case_55_never_reads(box):
    with box.client() as c:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.socket.setblocking(False)
        many = b"".join(request(i, BOX, read_pdu(0, 32)) for i in range(1000))
        begin = last = time.monotonic()
        sent = 0
        while time.monotonic() - begin < 30:
            try:
                sent += c.socket.send(many)
                last = time.monotonic()
            except BlockingIOError:
                time.sleep(0.05)
            except (ConnectionResetError, BrokenPipeError):
                break
        took = time.monotonic() - last
        print(f"# took {sent >> 10} KB, closed {took:.1f} s after the last")
        assert 9 < took < 14


def case_54_slowloris(box):
    frame = request(1, SHOWN, read_pdu(0, 1))
    with box.client() as c:
        begin = time.monotonic()
        try:
            while time.monotonic() - begin < 10:
                for byte in frame[:-1]:
                    c.send(bytes([byte]))
                    time.sleep(0.5)
        except OSError:
            pass
        took = time.monotonic() - begin
        assert 1.9 < took < 4.5, took


def case_60_idle(box):
    with box.client() as c:
        begin = time.monotonic()
        while time.monotonic() - begin < 3.5:  # not idle
            time.sleep(0.5)
            c.read(SHOWN, 0, 1)
        heard = time.monotonic()
        assert c.is_closed(10)
        assert 1.9 < time.monotonic() - heard < 4.5


def places_are_counted(box):
    clients = [box.client() for _ in range(4)]
    for c in clients:
        c.read(SHOWN, 0, 1)
    with box.client() as late:
        assert late.is_closed()
    assert struct.unpack(">I", clients[0].read(BOX, 8, 2))[0] == 1
    clients.pop().reset()

    def has_room():
        with box.client() as again:
            try:
                return again.read(SHOWN, 0, 1)
            except (OSError, EOFError):
                return False
    wait_for("a place is free", has_room)
    for c in clients:
        c.socket.close()


def case_56_a_thousand_clients():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with TcpRig(connections=1100) as box:
        quiet = asker_times(box)
        clients = [box.client() for _ in range(1100)]
        for i, c in enumerate(clients):
            c.send(request(i, SHOWN, read_pdu(0, 10)))
        for i, c in enumerate(clients):
            assert c.reply()[0] == i
        fds = os.listdir(f"/proc/{box.child('proxy')}/fd")
        assert max(map(int, fds)) > 1024
        with box.client() as late:
            assert late.is_closed()
        stop = threading.Event()
        thread = threading.Thread(target=keep_asking, args=(clients, stop))
        thread.start()
        busy = asker_times(box)
        # A serial line opened now has a descriptor above 1024 too.
        box.tell("unplug inv1")
        box.tell("plug inv1")
        mark = len(box.rows(box.frames))
        wait_for("inverter is answered again", lambda: any(
            row["side"] == "inverter" and row["result"] == "ok"
            for row in box.rows(box.frames)[mark:]))
        stop.set()
        thread.join()
        for c in clients:
            c.socket.close()
        print(f"# inverter waits {quiet:.1f} ms alone, {busy:.1f} ms beside "
              "1100 clients")
        assert busy < quiet + 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def keep_asking(clients, stop):
    # Paced: the house needs one of two cores itself.
    while not stop.wait(0.2):
        for i, c in enumerate(clients):
            c.send(request(i, SHOWN, read_pdu(0, 10)))
        for i, c in enumerate(clients):
            assert c.reply()[0] == i


def asker_times(box):
    """Median of the inverter's wait, in ms, over the next 20 answers."""
    start = len(box.rows(box.frames))

    def enough():
        rows = [row for row in box.rows(box.frames)[start:]
                if row["side"] == "inverter" and row["result"] == "ok"]
        return rows if len(rows) >= 20 else None
    rows = wait_for("20 answers", enough)
    return percentile([int(row["latency_us"]) for row in rows], 0.5) / 1e3


def deaf():
    with TcpRig() as box:
        case_55_never_reads(box)


if __name__ == "__main__":
    rig.main([quick_times, deaf, case_56_a_thousand_clients])
