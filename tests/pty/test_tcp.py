# SPDX-License-Identifier: MIT
"""Modbus TCP: framing, order, limits, and whom a request reaches.

Unit 1 is the meter itself, over its line; 2 the shown meter; 3 the meter with
writing allowed; 247 the box. Nobody is unit 9.
"""
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import rig  # noqa: E402
from rig import Rig, free_port, percentile, wait_for  # noqa: E402

METER, SHOWN, WRITABLE, NOBODY, BOX = 1, 2, 3, 9, 247
UNPOLLED = 84  # of the SDM630: only over the line
FUNCTION, ADDRESS, BUSY, PATH, TARGET = 1, 2, 6, 10, 11

TCP = """\
modbus_tcp:
  port: {port}
  connections_max: {connections}
  idle_s: {idle}
  units:
    - {{unit: 1, device: grid}}
    - {{unit: 2, shown: solis-meter}}
    - {{unit: 3, device: grid, write: allow, write_ranges: [{{first: 10, last: 19}}]}}
    - {{unit: 247, box: true}}
"""
TESTS = []


def case(function):
    TESTS.append(function)
    return function


class TcpRig(Rig):
    def __init__(self, connections=64, idle=300, **more):
        self.tcp_port = free_port()
        super().__init__(more_blocks=TCP.format(
            port=self.tcp_port, connections=connections, idle=idle), **more)
        try:
            self.wait_active()
        except BaseException:
            self.close()
            raise

    def client(self):
        return Client(self.tcp_port)

    def counter(self, at):
        with self.client() as c:
            return struct.unpack(">I", c.read(BOX, at, 2))[0]


def request(tid, unit, pdu):
    return struct.pack(">HHHB", tid, 0, len(pdu) + 1, unit) + pdu


def read_pdu(address, count, function=3):
    return struct.pack(">BHH", function, address, count)


class Client:
    def __init__(self, port, timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tid = 0

    def send(self, data):
        self.socket.sendall(data)

    def take(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise EOFError(f"closed after {len(data)} of {length}")
            data += part
        return data

    def reply(self):
        """Transaction id, unit, PDU."""
        tid, protocol, length, unit = struct.unpack(">HHHB", self.take(7))
        assert protocol == 0 and 2 <= length <= 254
        return tid, unit, self.take(length - 1)

    def ask(self, unit, pdu):
        self.tid = (self.tid + 1) & 0xffff
        self.send(request(self.tid, unit, pdu))
        tid, same, answer = self.reply()
        assert (tid, same) == (self.tid, unit), (tid, self.tid, same, unit)
        return answer

    def read(self, unit, address, count, function=3):
        """The registers' bytes."""
        answer = self.ask(unit, read_pdu(address, count, function))
        assert answer[0] == function, answer.hex()
        assert answer[1] == 2 * count == len(answer) - 2
        return answer[2:]

    def is_closed(self, timeout=5):
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.socket.close()


def exception(answer):
    assert answer[0] & 0x80 and len(answer) == 2, answer.hex()
    return answer[1]


@case
def case_48_mbap_split(box):
    frame = request(0x1234, SHOWN, read_pdu(0, 10))
    with box.client() as c:
        for cut in range(1, len(frame)):
            c.send(frame[:cut])
            time.sleep(0.002)  # so that it is read in two
            c.send(frame[cut:])
            tid, unit, pdu = c.reply()
            assert (tid, unit, len(pdu)) == (0x1234, SHOWN, 22)
        for byte in frame:
            c.send(bytes([byte]))
        assert c.reply()[0] == 0x1234


@case
def case_49_pipelined_in_order(box):
    units = (SHOWN, BOX, NOBODY)
    for count in (2, 10, 1000):
        with box.client() as c:
            stream = b"".join(
                request(i, units[i % 3], read_pdu(0, 1 + i % 20))
                for i in range(count))
            sender = threading.Thread(target=c.send, args=(stream,))
            sender.start()
            for i in range(count):
                tid, unit, pdu = c.reply()
                assert (tid, unit) == (i, units[i % 3]), (tid, i)
                if unit == NOBODY:
                    assert exception(pdu) == PATH
                else:
                    assert len(pdu) == 2 + 2 * (1 + i % 20)
            sender.join()


@case
def case_49_pipelined_over_the_line(box):
    """Asked at the device, from memory and refused, all mixed."""
    units = (METER, SHOWN, METER, NOBODY)
    with box.client() as c:
        c.send(b"".join(request(1000 + i, units[i % 4],
                                read_pdu(UNPOLLED, 2, 4 if i % 2 == 0 else 3))
                        for i in range(40)))
        for i in range(40):
            tid, unit, pdu = c.reply()
            assert (tid, unit) == (1000 + i, units[i % 4])
            if unit == METER:
                assert pdu[:2] == b"\x04\x04" or exception(pdu) == BUSY


@case
def case_50_lengths(box):
    for length in (0, 1, 255, 256, 65535):
        with box.client() as c:
            c.send(struct.pack(">HHHB", 1, 0, length, SHOWN) + b"\3\0\0\0\1")
            assert c.is_closed(), length
    with box.client() as c:  # 2: a function and nothing else
        assert exception(c.ask(SHOWN, b"\x03")) == 3
        # The longest there is, and shorter than its PDU says.
        assert exception(c.ask(SHOWN, b"\x10" + bytes(252))) == FUNCTION
        assert exception(c.ask(BOX, b"\x03" + bytes(252))) == 3
        # Length beyond the PDU: the next request is in it, and lost.
        assert exception(c.ask(SHOWN, read_pdu(0, 1) + b"\0")) == 3
        assert len(c.read(SHOWN, 0, 1)) == 2
    with box.client() as c:  # what was asked before is answered
        c.send(request(7, SHOWN, read_pdu(0, 1)) + b"\0\1\0\0\0\0")
        assert c.reply()[0] == 7
        assert c.is_closed()


@case
def case_51_protocol_id(box):
    for protocol in (1, 0x100, 0xffff):
        with box.client() as c:
            c.send(struct.pack(">HH", 1, protocol))
            assert c.is_closed()


@case
def case_52_same_tid_twice(box):
    with box.client() as c:
        for unit in (SHOWN, METER):
            pdu = read_pdu(UNPOLLED if unit == METER else 0, 2, 4)
            c.send(request(5, unit, pdu) + request(5, unit, pdu))
            assert c.reply()[:2] == (5, unit)
            assert c.reply()[:2] == (5, unit)


@case
def case_53_half_close(box):
    for unit, pdu in ((SHOWN, read_pdu(0, 1)), (METER, read_pdu(UNPOLLED, 2, 4))):
        with box.client() as c:
            c.send(request(1, unit, pdu) + request(2, BOX, read_pdu(0, 1)))
            c.socket.shutdown(socket.SHUT_WR)
            assert c.reply()[:2] == (1, unit)
            assert c.reply()[:2] == (2, BOX)
            assert c.is_closed()


@case
def case_53_reset_while_asked(box):
    """The reply of one who left goes to nobody, and least to another."""
    before = box.counter(4)
    for _ in range(8):
        gone = [box.client() for _ in range(3)]
        for c in gone:  # one on the line, two behind it
            c.send(request(77, METER, read_pdu(UNPOLLED, 4, 4)))
        with box.client() as other:
            other.send(request(5, METER, read_pdu(UNPOLLED, 2, 4)))
            for c in gone:
                c.reset()
            tid, unit, pdu = other.reply()
            assert (tid, unit, pdu[:2]) == (5, METER, b"\x04\x04"), pdu
            other.socket.settimeout(0.2)
            try:
                assert False, other.socket.recv(100)
            except TimeoutError:
                pass
    wait_for("all slots are free", lambda: box.counter(4) == before)


@case
def case_57_greedy_and_polite(box):
    def one_by_one(times):
        with box.client() as c:
            for _ in range(12):
                begin = time.monotonic()
                answer = c.ask(METER, read_pdu(UNPOLLED, 2, 4))
                assert answer[0] == 4, answer.hex()
                times.append(time.monotonic() - begin)

    alone, beside = [], []
    one_by_one(alone)
    stop = threading.Event()

    def be_greedy(c):
        c.send(b"".join(request(i, METER, read_pdu(UNPOLLED, 20, 4))
                        for i in range(200)))
        while not stop.is_set():
            try:
                c.reply()
                c.send(request(1, METER, read_pdu(UNPOLLED, 20, 4)))
            except (OSError, EOFError):
                return

    with box.client() as greedy:
        thread = threading.Thread(target=be_greedy, args=(greedy,))
        thread.start()
        one_by_one(beside)
        stop.set()
        greedy.reset()
        thread.join()
    own, with_greedy = percentile(alone, 0.5), percentile(beside, 0.5)
    print(f"# polite alone {own * 1e3:.0f} ms, beside a greedy one "
          f"{with_greedy * 1e3:.0f} ms")
    # Its own, one of the greedy one's (about twice as long), and a poll.
    assert with_greedy < 3 * own + 0.25


@case
def case_61_acl(box):
    writes = {5: "0000ff00", 6: "00000001", 8: "00000000", 15: "000000010101",
              16: "00000001020001", 21: "07060001000100010001",
              22: "000000000000", 23: "000000010000000102aaaa", 43: "0d00",
              65: "", 100: "0102", 0: "", 0x83: "02", 255: ""}
    with box.client() as c:
        for unit in (METER, SHOWN, BOX):
            for function, data in writes.items():
                answer = c.ask(unit, bytes([function]) + bytes.fromhex(data))
                assert answer == bytes([function | 0x80, FUNCTION]), \
                    (unit, function, answer.hex())
        # Allowed, but not there, or not wholly.
        for first, count in ((0, 1), (9, 2), (19, 2), (20, 1), (10, 11)):
            pdu = struct.pack(">BHHB", 16, first, count, 2 * count)
            answer = c.ask(WRITABLE, pdu + bytes(2 * count))
            assert answer == bytes([0x90, ADDRESS]), (first, count)
        assert exception(c.ask(WRITABLE, b"\x08\0\0\0\0")) == FUNCTION
        # Allowed: the meter's own answer, over its line.
        before = len(meter_writes(box))
        c.ask(WRITABLE, struct.pack(">BHH", 6, 12, 7))
        wait_for("the write is on record",
                 lambda: len(meter_writes(box)) > before)


def meter_writes(box):
    return box.query("SELECT id FROM txn WHERE side = 'meter' AND function = 6")


@case
def the_box_tells_what_the_page_tells(box):
    with box.client() as c:
        head = c.read(BOX, 0, 32)
        assert struct.unpack(">HH", head[:4]) == (1, 1)
        box.tell("load 1000")
        box.offset(300, 30)

        def shows_it():
            state, reason, true_w, shown_w, offset_w, age = struct.unpack(
                ">HHfffI", c.read(BOX, 100, 10, 4))
            assert state == 1 and age < 1500 and reason != 0
            assert abs(shown_w - true_w - offset_w) < 0.1
            return abs(offset_w - 300) < 0.1
        wait_for("the offset is seen", shows_it)
        assert exception(c.ask(BOX, read_pdu(31, 2))) == ADDRESS
        assert exception(c.ask(BOX, read_pdu(119, 2))) == ADDRESS
        assert exception(c.ask(NOBODY, read_pdu(0, 1))) == PATH


@case
def what_is_polled_is_answered_from_memory(box):
    """The same as the line would say, without asking it."""
    with box.client() as c:
        c.read(METER, 0, 2, 4)
        carried = box.counter(18)
        begin = time.monotonic()
        for _ in range(100):
            volts = struct.unpack(">f", c.read(METER, 0, 2, 4))[0]
            assert 200 < volts < 260, volts
        took = time.monotonic() - begin
        assert box.counter(18) == carried and took < 5, took
        c.read(METER, UNPOLLED, 2, 4)
        assert box.counter(18) == carried + 1


@case
def another_program_reads_it(box):
    out = subprocess.run(
        ["mbpoll", "-m", "tcp", "-p", str(box.tcp_port), "-a", str(SHOWN),
         "-t", "4", "-0", "-r", "0", "-c", "20", "-1", "-q", "127.0.0.1"],
        capture_output=True, text=True)
    assert out.returncode == 0 and "[19]:" in out.stdout, out


@case
def what_is_answered_from_memory_is_on_record(box):
    time.sleep(1.5)  # what came before is committed
    before = box.query("SELECT max(id) FROM txn")[0][0]

    def rows():
        return box.query(
            "SELECT unit, outcome, count, line, shown_w IS NULL, reason IS NULL"
            " FROM txn WHERE side = 'client' AND count = 11 AND id > ?"
            " ORDER BY id", before)
    with box.client() as c:
        for unit in (SHOWN, BOX, NOBODY):
            c.ask(unit, read_pdu(0, 11))
    wait_for("three rows", lambda: len(rows()) == 3)
    assert rows() == [(SHOWN, "ok", 11, None, 0, 0),
                      (BOX, "ok", 11, None, 1, 1),
                      (NOBODY, "exception", 11, None, 1, 1)], rows()


@case
def a_flood_leaves_the_lines_records_alone(box):
    """Thousands a second: at most 200 of them recorded, nothing lost."""
    before = box.counter(22)
    begin = time.monotonic()
    with box.client() as c:
        many = b"".join(request(i, SHOWN, read_pdu(0, 12)) for i in range(500))
        while time.monotonic() - begin < 3:
            c.send(many)
            for _ in range(500):
                c.reply()
    took = time.monotonic() - begin
    assert box.counter(22) > before + 1000
    assert box.counter(24) == 0
    time.sleep(1.5)  # a commit
    rows = box.query("SELECT count(*) FROM txn WHERE side = 'client'"
                     " AND count = 12")[0][0]
    assert 200 <= rows <= 200 * (took + 2), rows


@case
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


@case
def case_59_exceptions_of_the_gateway(box):
    with box.client() as c:
        box.tell("meter silent")
        try:
            assert exception(c.ask(METER, read_pdu(UNPOLLED, 2, 4))) == TARGET
            wait_for("the shown meter is silent",
                     lambda: box.state()["state"] == "silent")
            assert exception(c.ask(SHOWN, read_pdu(0, 1))) == TARGET
            registers = c.read(BOX, 100, 10)
            state, _, true_w, shown_w, offset_w, _ = struct.unpack(
                ">HHfffI", registers)
            assert state == 2
            assert all(w != w for w in (true_w, shown_w, offset_w)), "no NaN"
        finally:
            box.tell("meter answer")
        box.wait_active()
        box.tell("unplug meter")
        try:
            wait_for("the line is down", lambda: exception(
                c.ask(METER, read_pdu(UNPOLLED, 2, 4))) == PATH)
        finally:
            box.tell("plug meter")
        box.wait_active()
        wait_for("it is reached again",
                 lambda: c.ask(METER, read_pdu(UNPOLLED, 2, 4))[0] == 4)


def quick_times():
    """A house whose gateway is impatient, and has four places."""
    with TcpRig(connections=4, idle=2) as box:
        case_54_slowloris(box)
        case_60_idle(box)
        places_are_counted(box)


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
        print(f"# inverter p95 {quiet:.1f} ms alone, {busy:.1f} ms beside "
              "1100 clients")
        assert busy < quiet + 30
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def keep_asking(clients, stop):
    # Paced: the house needs one of two cores itself.
    while not stop.wait(0.2):
        for i, c in enumerate(clients):
            c.send(request(i, SHOWN, read_pdu(0, 10)))
        for i, c in enumerate(clients):
            assert c.reply()[0] == i


def asker_times(box):
    """p95 of the inverter's wait, in ms, over the next 20 answers."""
    start = len(box.rows(box.frames))

    def enough():
        rows = [row for row in box.rows(box.frames)[start:]
                if row["side"] == "inverter" and row["result"] == "ok"]
        return rows if len(rows) >= 20 else None
    rows = wait_for("20 answers", enough)
    return percentile([int(row["latency_us"]) for row in rows], 0.95) / 1e3


def one_house():
    """What needs nothing special, in one house; all are tried."""
    failed = []
    with TcpRig() as box:
        for test in TESTS:
            begin = time.monotonic()
            try:
                test(box)
                print(f"# ok   {test.__name__} "
                      f"({time.monotonic() - begin:.1f} s)")
            except Exception:
                import traceback
                traceback.print_exc(file=sys.stdout)
                failed.append(test.__name__)
            sys.stdout.flush()
        assert not failed, failed


if __name__ == "__main__":
    rig.main([one_house, quick_times, case_56_a_thousand_clients])
