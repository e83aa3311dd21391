# SPDX-License-Identifier: MIT
"""Modbus TCP: framing, order, and whom a request reaches."""
import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import rig  # noqa: E402
from rig import percentile, wait_for  # noqa: E402
from tcp_rig import (ADDRESS, BOX, BUSY, FUNCTION, METER, NOBODY,  # noqa: E402
                     PATH, SHOWN, TARGET, UNPOLLED, WRITABLE, TcpRig,
                     exception, read_pdu, request)

TESTS = []


def case(function):
    TESTS.append(function)
    return function


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
    rig.main([one_house])
