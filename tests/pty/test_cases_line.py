# SPDX-License-Identifier: MIT
"""Faults on an inverter's line, by their case numbers: 1 to 14, what is and
what is not a request. The framer alone: tests/unit/test_cases_rtu.c and
test_rtu*.c."""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from cases import Bench, noise, run_on  # noqa: E402
from rig import main  # noqa: E402
from wire import crc, framed, read_request  # noqa: E402

ASK = read_request(1, 3, 13, 1)
ANSWER = bytes((1, 3, 2, 1000 >> 8, 1000 & 255))
ROW = ("ok", 1, 3, 13, 1)
GAP_S = 0.06  # surely ends what came before
DELAYED = 247  # answers 40 ms after the request


def hexed(text):
    return bytes.fromhex(text)


# The requests that the meter itself must answer, and its answers; the fields
# of their rows: address and count.
PASSED = (
    ("01010013000a", "01010201cd", 0x13, 10),
    ("0102000500 09", "010202ac01", 5, 9),
    ("010300120002", "01030400000001", 0x12, 2),
    ("010500acff00", "010500acff00", 0xac, 1),
    ("010600140007", "010600140007", 0x14, 1),
    ("0107", "01076d", 0, 0),
    ("01080000a537", "01080000a537", 0, 0),
    ("0108000aa537", "0108000a0000", 0, 0),
    ("010b", "010bffff0108", 0, 0),
    ("010c", "010c0800000108 01212000", 0, 0),
    ("010f0013000a02cd01", "010f0013000a", 0x13, 10),
    ("011000120002040000 0001", "011000120002", 0x12, 2),
    ("0111", "011104534d36ff", 0, 0),
    ("01140706000400010002", "0114060506 0dfe0020", 0, 0),
    ("01150906000400070001beef", "01150906000400070001beef", 0, 0),
    ("0116000400f20025", "0116000400f20025", 4, 1),
    ("011700030002000e00010200ff", "01170400fe0acd", 3, 2),
    ("011804de", "01180006000201b81284", 0x4de, 0),
    ("012b0e0100", "012b0e010100000100024142", 0, 0),
    ("012b0d000102", "012b0d0001", 0, 0),
    ("0141aabb", "0141cc", 0, 0),
    ("0164", "016401", 0, 0),
)


def passed(bench, request, answer, address, count):
    """As unit 7 asks for it: the frame, the answer, the row."""
    request, answer = hexed(request), hexed(answer)
    bench.grid.also[request.hex()] = answer
    return (b"\7" + request[1:], b"\7" + answer[1:],
            ("passed", 7, request[1], address, count))


def case_01_every_function_split(bench):
    # One function at every byte, with pauses as adapters make them ...
    frame = framed(ASK)
    rows = []
    for split in range(1, len(frame)):
        for pause in (0, 0.001, 0.015):
            bench.exchange([frame[:split], pause, frame[split:]], [ANSWER], 0)
            rows.append(ROW)
    # ... and one that ends a frame, which then is lost, and no other.
    for split in (1, 4, 7):
        bench.exchange([frame[:split], 0.12, frame[split:], 0.12, frame],
                       [ANSWER], 0)
        rows.append(ROW)
    # All the others, split in the middle.
    for each in PASSED:
        ask, answer, row = passed(bench, *each)
        frame = framed(ask)
        half = len(frame) // 2
        bench.exchange([frame[:half], 0.005, frame[half:]], [answer], 0)
        rows.append(row)
    bench.check(rows, noise(24, 6))


def case_02_one_byte_at_a_time(bench):
    frame = framed(ASK)
    for _ in range(10):
        bench.exchange([frame[i:i + 1] for i in range(len(frame))],
                       [ANSWER], 0)
    bench.check([ROW] * 10)


def case_03_two_and_ten_frames_at_once(bench):
    rows = []
    for count in (2, 10):
        asked = [framed(read_request(DELAYED, 4, 52, 1 + i % 2))
                 for i in range(count)]
        bench.exchange([b"".join(asked)],
                       [bytes((DELAYED, 4, 4, 0x44, 0x7a, 0, 0))])
        rows += [("superseded", DELAYED, 4, 52, 1 + i % 2)
                 for i in range(count - 1)] + [("ok", DELAYED, 4, 52, 2)]
    bench.check(rows)


def case_04_a_frame_and_half_of_the_next(bench):
    frame = framed(ASK)
    for half in (1, 4, 7):
        bench.exchange([frame + frame[:half], 0.01, frame[half:]],
                       [ANSWER, ANSWER])
    bench.check([ROW] * 6)


def case_05_wrong_crc(bench):
    frame = framed(ASK)
    bad = [frame[:-2] + frame[:-3:-1]]
    for bit in range(0, 8 * len(frame), 3):  # all of them: test_rtu.c
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        bad.append(bytes(flipped))
    for each in bad:
        bench.exchange([each, GAP_S], [], 0)
    bench.case([frame], [ANSWER], [ROW],
               noise(len(frame) * len(bad), len(bad)))


def case_06_noise_around_frames(bench):
    frame = framed(ASK)
    rows, dropped = [], 0
    for kind in (b"\0", b"\xff", b"\xff\xfe", b"\1", b"\1\3"):
        for length in (1, 2, 8):
            bad = (kind * length)[:length]
            bench.exchange([bad + frame + bad, GAP_S], [ANSWER], 0)
            rows.append(ROW)
            dropped += 2 * length
    # Between two that come at once: the second is answered.
    ask = framed(read_request(DELAYED, 4, 52, 2))
    bench.exchange([ask + b"\0\xff" + ask],
                   [bytes((DELAYED, 4, 4, 0x44, 0x7a, 0, 0))])
    runs = 2 * len(rows) + 1
    rows += [("superseded", DELAYED, 4, 52, 2), ("ok", DELAYED, 4, 52, 2)]
    bench.check(rows, noise(dropped + 2, runs))


def case_07_random_bytes_then_a_good_frame(bench):
    draw = random.Random(7)
    garbage = bytes(draw.randrange(256) for _ in range(4096))
    # A wire that is held up makes two runs of one.
    bench.case([garbage + framed(ASK)], [ANSWER], [ROW],
               {"dropped_bytes": 4096}, loose=("crc_errors",))


def case_08_noise_like_the_head_of_a_long_write(bench):
    head = bytes((1, 16, 0, 0, 0, 123, 246))
    for length in range(2, len(head) + 1):
        bench.exchange([head[:length] + framed(ASK)], [ANSWER], 0)
        time.sleep(GAP_S)
    bench.check([ROW] * 6, noise(27, 6))


def case_09_counts_and_quantities(bench):
    # Refused as a meter refuses: the value first, then the address.
    rows = []
    for address, count, refusal in (
            (0, 0, 3), (0, 126, 3), (0, 65535, 3), (65535, 2, 2),
            (65412, 125, 2), (65535, 1, 2)):
        for unit, function in ((1, 3), (1, 4), (254, 4)):
            bench.exchange([framed(read_request(unit, function, address,
                                                count))],
                           [bytes((unit, function | 0x80, refusal))], 0)
            rows.append(("exception", unit, function, address, count))
    # A write whose count byte is not twice its quantity: the meter refuses.
    for count_byte in (0, 3, 6):
        request = bytes((1, 16, 0, 18, 0, 2, count_byte)) + bytes(count_byte)
        ask, answer, row = passed(bench, request.hex(), "019003", 18, 2)
        bench.exchange([framed(ask)], [answer], 0)
        rows.append(row)
    # And answers of the meter whose count byte is wrong reach nobody.
    request = "010300120002"
    for count_byte in (0, 1, 251, 255):
        ask, _, _ = passed(bench, request,
                           bytes((1, 3, count_byte, 0)).hex(), 18, 2)
        bench.exchange([framed(ask)], [], 0.6)
        rows.append(("timeout", 7, 3, 18, 2))
    bench.check(rows)


def case_10_the_longest_frame(bench):
    data = bytes((6, 0, 4, 0, 0, 0, 122)) + bytes(range(244))
    longest = bytes((1, 21, 251)) + data
    ask, answer, row = passed(bench, longest.hex(), longest.hex(), 0, 0)
    assert len(framed(ask)) == 256
    bench.exchange([framed(ask)], [answer])
    too_long = framed(bytes((7, 21, 252)) + data + b"\0")
    bench.case([too_long, GAP_S, framed(ASK)], [ANSWER], [row, ROW],
               noise(257))


def case_11_unknown_functions(bench):
    rows = []
    for function in (9, 19, 65, 72, 100, 110, 127):
        bench.exchange([framed(bytes((1, function, 1, 2, 3)))],
                       [bytes((1, function | 0x80, 1))], 0)
        rows.append(("exception", 1, function, 0, 0))
    # No function, or a refusal: no request.
    for function in (0, 0x80, 0x83, 0xff):
        bench.exchange([framed(bytes((1, function, 0, 13, 0, 1))), GAP_S], [],
                       0)
    bench.case([framed(ASK)], [ANSWER], rows + [ROW], noise(32, 4))


def case_12_broadcasts(bench):
    bench.exchange([framed(read_request(0, 3, 13, 1))], [])
    since = time.monotonic()
    bench.case([framed(hexed("000600140007"))], [],
               [("foreign", 0, 3, 13, 1), ("passed", 0, 6, 0x14, 1)],
               seconds=0.4)
    assert [row[6] for row in bench.rows] == [None, None], bench.rows
    seen = [(at, request) for at, request in list(bench.meter.seen)
            if at >= since]
    i = next(i for i, (_, request) in enumerate(seen)
             if request == hexed("000600140007"))
    assert [r for _, r in seen if r[0] == 0] == [hexed("000600140007")]
    # The devices get 100 ms to obey; a thread in Python is not that exact.
    assert seen[i + 1][0] - seen[i][0] > 0.08, seen[i:i + 2]


def case_13_units(bench):
    rows = []
    for unit in (247, 248, 254, 255):
        bench.exchange([framed(read_request(unit, 4, 52, 2))],
                       [bytes((unit, 4, 4, 0x44, 0x7a, 0, 0))], 0)
        rows.append(("ok", unit, 4, 52, 2))
    bench.exchange([framed(ASK)], [ANSWER], 0)
    rows.append(ROW)
    for unit in (0, 2, 246, 249):
        bench.exchange([framed(read_request(unit, 3, 13, 1)), 0.02], [], 0)
        rows.append(("foreign", unit, 3, 13, 1))
    bench.check(rows)


def case_14_rare_functions_both_ways(bench):
    rows = []
    for each in PASSED:
        ask, answer, row = passed(bench, *each)
        bench.exchange([framed(ask)], [answer], 0)
        rows.append(row)
        # Whom we emulate knows none of these, and says so.
        function = ask[1]
        if function not in (3, 4):
            bench.exchange([framed(b"\1" + ask[1:])],
                           [bytes((1, function | 0x80, 1))], 0)
            rows.append(("exception", 1) + row[2:])
    bench.check(rows)
    for row, want in zip(bench.rows, rows):
        assert (row[6][1] & 0x7f) == want[2] and \
            crc(row[6][:-2]) == row[6][-2:], row


def the_other_line_kept_its_time(bench):
    bench.other_line_kept_its_time()


with Bench(units=(247, 248, 254, 255)) as the_bench:
    main(run_on(the_bench, [
        case_01_every_function_split, case_02_one_byte_at_a_time,
        case_03_two_and_ten_frames_at_once,
        case_04_a_frame_and_half_of_the_next, case_05_wrong_crc,
        case_06_noise_around_frames, case_07_random_bytes_then_a_good_frame,
        case_08_noise_like_the_head_of_a_long_write,
        case_09_counts_and_quantities, case_10_the_longest_frame,
        case_11_unknown_functions, case_12_broadcasts, case_13_units,
        case_14_rare_functions_both_ways, the_other_line_kept_its_time]))
