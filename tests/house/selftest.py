# SPDX-License-Identifier: MIT
"""The house's own promises: pace of the wire, what is lost and what is not,
consistent values. B=build python3 tests/house/selftest.py"""
import csv
import fcntl
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

HOUSE = os.path.join(os.environ.get("B", "build"), "house")


def start(*options):
    process = subprocess.Popen([HOUSE, "--with-parent", *options],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def tty(path):
    return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def receive(fd, want, patience=2.0):
    got, end = b"", time.monotonic() + patience
    while len(got) < want and time.monotonic() < end:
        if select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            got += os.read(fd, 4096)
    return got


def crossing_s(baud, length, rounds, folder):
    """The quickest of some crossings of a line: noise only ever adds."""
    a, z = folder + "/a", folder + "/z"
    line = start("--line-only", "--baud", str(baud), "--link-a", a,
                 "--link-z", z)
    near, far = tty(a), tty(z)
    time.sleep(0.05)
    best = 1e9
    for _ in range(rounds):
        begin = time.monotonic()
        os.write(near, bytes(length))
        assert receive(far, length) == bytes(length)
        best = min(best, time.monotonic() - begin)
    line.terminate()
    assert line.wait() == 0 and os.listdir(folder) == []
    return best


def bytes_take_their_time(folder):
    for baud, length in ((1200, 10), (9600, 30), (115200, 100)):
        want = length * 10 / baud
        took = crossing_s(baud, length, 5, folder)
        print(f"# measured {baud} baud: {(took - want) * 1e6:.0f} us late")
        assert 0 <= took - want < 0.001, (baud, took, want)
    assert crossing_s(0, 30, 5, folder) < 0.002


def a_closed_end_hears_nothing(folder):
    a, z = folder + "/a", folder + "/z"
    line = start("--line-only", "--baud", "115200", "--link-a", a,
                 "--link-z", z)
    near, far = tty(a), tty(z)
    os.write(near, b"unread")
    time.sleep(0.1)
    fcntl.ioctl(far, termios.TIOCEXCL)
    os.close(far)
    time.sleep(0.1)
    os.write(near, b"to nobody")
    time.sleep(0.1)
    far = tty(z)
    assert receive(far, 1, 0.2) == b""
    os.write(near, b"new")
    assert receive(far, 3) == b"new"
    line.terminate()
    assert line.wait() == 0


def floats(text):
    values = struct.unpack(f">{len(text) // 8}f", bytes.fromhex(text))
    return {2 * i: value for i, value in enumerate(values)}


def check_values(v):
    for i in (0, 2, 4):
        volt, amp, w, va, var, pf = (v[base + i]
                                     for base in (0, 6, 12, 18, 24, 30))
        assert abs(va ** 2 - w ** 2 - var ** 2) < 1e-5 * va ** 2
        assert abs(amp - va / volt) < 1e-4 and abs(pf - w / va) < 1e-5
    for total, first in ((52, 12), (56, 18), (60, 24), (48, 6)):
        assert abs(v[total] - sum(v[first + i] for i in (0, 2, 4))) < 0.01


def crc(frame):
    value = 0xffff
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xa001 if value & 1 else 0)
    return struct.pack("<H", value)


def values_are_consistent(folder):
    frames = folder + "/frames.csv"
    house = start("--dir", folder, "--baud", "115200", "--frames", frames)
    fd = tty(folder + "/meter")
    time.sleep(0.05)
    request = struct.pack(">BBHH", 1, 4, 0, 76)
    for _ in range(3):
        os.write(fd, request + crc(request))
        answer = receive(fd, 5 + 2 * 76)
        assert crc(answer[:-2]) == answer[-2:]
        check_values(floats(answer[3:-2].hex()))
        time.sleep(0.12)
    os.close(fd)
    out = subprocess.run([HOUSE, "--tell", folder, "state"],
                         capture_output=True, text=True, check=True).stdout
    assert json.loads(out)["meter"]["answers"] == 3
    house.send_signal(signal.SIGINT)
    assert house.wait() == 0
    with open(frames) as f:
        rows = [r for r in csv.DictReader(f) if r["side"] == "meter"]
    assert [r["result"] for r in rows] == ["ok"] * 3
    assert rows[-1]["response"] == answer[3:-2].hex()
    assert os.listdir(folder) == ["frames.csv"]


for test in (bytes_take_their_time, a_closed_end_hears_nothing,
             values_are_consistent):
    folder = tempfile.mkdtemp(prefix="house-")
    try:
        test(folder)
        print("# ok  ", test.__name__)
    finally:
        shutil.rmtree(folder)
