# SPDX-License-Identifier: MIT
"""Faults on an inverter's line, by their case numbers: 15 to 25, how inverters
ask and what they must and must not be told."""
import math
import os
import statistics
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from cases import Bench, noise, run_on  # noqa: E402
from rig import main, wait_for  # noqa: E402
from wire import framed, read_request, set_power  # noqa: E402

ASK = read_request(1, 3, 13, 1)
ANSWER = bytes((1, 3, 2, 1000 >> 8, 1000 & 255))
ROW = ("ok", 1, 3, 13, 1)
ALL = read_request(1, 3, 0, 65)  # as a Solis asks
DELAYED = 247  # answers 40 ms after the request
ANSWER_S = 0.020  # p95 over t3.5 of an answer from memory


def hexed(text):
    return bytes.fromhex(text)


def ask(bench, request):
    """Whatever is answered, without CRC."""
    return bench.asker.ask(request)[0]


def registers(bench, unit, address, count, function=4):
    answer = ask(bench, read_request(unit, function, address, count))
    assert answer[:3] == bytes((unit, function, 2 * count)), answer.hex()
    return answer[3:]


def case_15_growatt_scan(bench):
    """A search at four units, also with reads of nothing: at our units a
    refusal, and that at once; at the others silence."""
    rows = []
    for unit in (2, 3, 4):
        for request in (read_request(unit, 4, 0, 18),
                        read_request(unit, 3, 0, 0)):
            bench.exchange([framed(request), 0.02], [], 0)
            rows.append(("foreign", unit, request[1], 0, request[5]))
    took = []
    for _ in range(10):
        answer, seconds = bench.asker.ask(read_request(1, 3, 0, 0))
        assert answer == bytes((1, 0x83, 3))
        took.append(seconds)
        rows.append(("exception", 1, 3, 0, 0))
    bench.check(rows)
    assert statistics.median(took) < ANSWER_S, took


def case_16_solis_repeats_every_70_ms(bench):
    whole = ask(bench, ALL)
    assert len(whole) == 3 + 2 * 65
    for _ in range(20):
        bench.line.send(framed(ALL))
        time.sleep(0.07)
    got = bench.collect(0.1, 20 * (len(whole) + 2))
    assert got == 20 * framed(whole), "each answered, and whole"
    bench.check([("ok", 1, 3, 0, 65)] * 21)


def case_17_asked_again_while_the_reply_leaves(bench):
    whole = framed(ask(bench, ALL))
    rows = 1
    for _ in range(5):
        bench.line.send(framed(ALL))
        got = bench.line.receive(1.0)
        assert 0 < len(got) < len(whole), "it is leaving"
        bench.line.send(framed(ALL))
        got += bench.collect(0.1, 2 * len(whole) - len(got))
        assert got == 2 * whole, "both are whole"
        rows += 2
    bench.check([("ok", 1, 3, 0, 65)] * rows)


def case_18_of_two_requests_the_newest_is_answered(bench):
    rows = []
    for address in (42, 70):  # another one: the answer tells which
        bench.exchange([framed(read_request(DELAYED, 4, 52, 2)) +
                        framed(read_request(DELAYED, 4, address, 2))],
                       [bytes((DELAYED, 4, 4)) + struct.pack(
                           ">f", {42: 230.0, 70: 50.0}[address])])
        rows += [("superseded", DELAYED, 4, 52, 2),
                 ("ok", DELAYED, 4, address, 2)]
    # The newest may be for another unit of ours.
    bench.exchange([framed(read_request(DELAYED, 4, 52, 2)) + framed(ASK)],
                   [ANSWER])
    rows += [("superseded", DELAYED, 4, 52, 2), ROW]
    bench.check(rows)


def case_19_another_unit_on_the_line(bench):
    """With its answer and without."""
    foreign = framed(read_request(5, 3, 0x2012, 4))
    told = framed(bytes((5, 3, 8)) + ASK + b"\0\0")  # looks like ours inside
    rows, passed = [], 0
    for pieces in ([foreign, framed(ASK)], [foreign, told, framed(ASK)],
                   [foreign, 0.02, told, 0.005, framed(ASK)]):
        bench.exchange(pieces, [ANSWER])
        rows += [("foreign", 5, 3, 0x2012, 4), ROW]
        passed += len(told) * (told in pieces)
    # An echo of its request is a request to it once more, never to us.
    write = framed(hexed("050600140007"))
    bench.exchange([write, 0.02, write, 0.005, framed(ASK)], [ANSWER])
    rows += [("foreign", 5, 6, 0x14, 1)] * 2 + [ROW]
    bench.check(rows, {"passed_bytes": passed})


def case_20_noise_over_our_reply(bench):
    whole = framed(ask(bench, ALL))
    rows, dropped = [("ok", 1, 3, 0, 65)], 0
    for length in (1, 3, 8):
        bench.line.send(framed(ALL))
        got = bench.line.receive(1.0)
        bench.line.send(b"\0\xff\xfe\x55\xaa\0\0\xff"[:length])
        got += bench.collect(0.1, len(whole) - len(got))
        assert got == whole
        bench.exchange([framed(ASK)], [ANSWER])
        rows += [("ok", 1, 3, 0, 65), ROW]
        dropped += length
    bench.check(rows, noise(dropped, 3))


def case_21_echo(bench):
    """Its own bench: what the gateway sends on inv1 and meter comes back."""
    rows = []
    for _ in range(5):
        bench.exchange([framed(ASK)], [ANSWER])
        rows.append(ROW)
    # The right answer is the request once more: an echo is none, and the
    # answer is not asked again.
    bench.grid.also = {
        "010600140007": hexed("010600140007"),
        "0110001200020400000001": hexed("011000120002"),
    }
    since = time.monotonic()
    bench.exchange([framed(hexed("070600140007"))], [hexed("070600140007")],
                   0.5)
    bench.exchange([framed(hexed("0710001200020400000001"))],
                   [hexed("071000120002")], 0.5)
    # Silence of the meter is silence, not its echo.
    bench.grid.also["010600150007"] = None
    bench.exchange([framed(hexed("070600150007"))], [], 0.7)
    rows += [("passed", 7, 6, 0x14, 1), ("passed", 7, 16, 0x12, 2),
             ("timeout", 7, 6, 0x15, 1)]
    bench.check(rows)
    seen = [request.hex() for at, request in list(bench.meter.seen)
            if at >= since and request[1] != 4]
    assert seen == ["010600140007", "0110001200020400000001",
                    "010600150007"], seen
    # Nor is it one behind what a transceiver hears when it begins to send.
    since = time.monotonic()
    for wire in bench.wires.values():
        wire.noise = b"\0"
    bench.exchange([framed(hexed("070600140007"))], [hexed("070600140007")],
                   0.3)
    for wire in bench.wires.values():
        wire.noise = b""
    bench.check([("passed", 7, 6, 0x14, 1)],
                loose=("dropped_bytes", "crc_errors"))
    assert len([r for at, r in list(bench.meter.seen)
                if at >= since and r[1] == 6]) == 1
    events = bench.counters("meter")
    assert events["mismatches"] == 0 and events["foreign"] == 0, events


def ages(bench, since_us):
    return bench.query(
        "SELECT outcome, sample_age_ms FROM txn WHERE line = 'inv1'"
        " AND time_us >= ? ORDER BY id", since_us)


def case_22_stale_is_silent_and_fresh_answers_at_once(bench):
    since_us = int(time.time() * 1e6)
    ask_s = 0.05

    def poll():
        time.sleep(ask_s)
        return bench.asker.ask(ASK, 0.1)[0]

    assert poll() == ANSWER
    bench.grid.silent = True
    wait_for("silence", lambda: poll() is None, 5, 0)
    for _ in range(5):
        assert poll() is None
    bench.grid.silent = False
    wait_for("an answer", lambda: poll() == ANSWER, 10, 0)
    for _ in range(5):
        assert poll() == ANSWER
    bench.catch_up()
    rows = ages(bench, since_us)
    # Never older than the limit; never silent with a fresh sample; and a
    # silence that ends, ends for good.
    assert all(age <= 1000 for outcome, age in rows if outcome == "ok"), rows
    silent = [age for outcome, age in rows if outcome == "silent"]
    assert len(silent) >= 6 and min(silent) >= 1000, rows
    assert silent == sorted(silent), rows
    order = [outcome for outcome, _ in rows]
    first = order.index("silent")
    assert order == ["ok"] * first + ["silent"] * len(silent) + \
        ["ok"] * (len(order) - first - len(silent)), order


def case_23_writes_pass(bench):
    bench.grid.also = {
        "010600140007": hexed("010600140007"),
        "0110001200020400000001": hexed("011000120002"),
        "010611010007": hexed("018602"),  # refused by the meter itself
    }
    since = time.monotonic()
    rows = []
    for request, answer in bench.grid.also.items():
        bench.exchange([framed(b"\7" + hexed(request)[1:])],
                       [b"\7" + answer[1:]])
        got = hexed(request)
        rows.append(("passed", 7, got[1], got[2] << 8 | got[3],
                     2 if got[1] == 16 else 1))
    bench.check(rows)
    for row, answer in zip(bench.rows, bench.grid.also.values()):
        assert row[6] == framed(b"\7" + answer[1:]), row
    seen = [request.hex() for at, request in list(bench.meter.seen)
            if at >= since and request[1] != 4]
    assert seen == list(bench.grid.also), "each once, in order"


def case_24_holes_between_addresses(bench):
    rows = []
    # Nothing is there, inside a block: it reads as 0, alone and beside values.
    for unit, function, address, count in ((254, 4, 44, 2), (254, 4, 54, 2),
                                           (1, 3, 0, 11), (1, 4, 18, 42)):
        bench.exchange([framed(read_request(unit, function, address, count))],
                       [bytes((unit, function, 2 * count)) +
                        bytes(2 * count)])
        rows.append(("ok", unit, function, address, count))
    value = struct.pack(">f", 1000.0)
    bench.exchange([framed(read_request(254, 4, 52, 4))],
                   [bytes((254, 4, 8)) + value + bytes(4)])
    rows.append(("ok", 254, 4, 52, 4))
    # Outside, and over the edge: refused.
    for unit, function, address, count in ((254, 4, 88, 2), (254, 4, 86, 4),
                                           (1, 3, 65, 1), (1, 3, 64, 2)):
        bench.exchange([framed(read_request(unit, function, address, count))],
                       [bytes((unit, function | 0x80, 2))])
        rows.append(("exception", unit, function, address, count))
    # The meter's own, where it is shown itself.
    bench.grid.also["010401900002"] = hexed("01040400000009")
    bench.exchange([framed(read_request(7, 4, 400, 2))],
                   [hexed("07040400000009")])
    rows.append(("passed", 7, 4, 400, 2))
    bench.check(rows)


def power_of(bench, unit):
    """As the inverter reads it; NaN for silence."""
    request = read_request(1, 3, 13, 1) if unit == 1 else \
        read_request(unit, 4, 52, 2)
    answer = bench.asker.ask(request, 0.2)[0]
    if answer is None:
        return math.nan
    return struct.unpack(">h" if unit == 1 else ">f", answer[3:])[0]


def silent_and_back(bench):
    """Until then the last good values, and nothing else."""
    seen = set()

    def is_silent():
        seen.update(power_of(bench, unit) for unit in (1, 254))
        return any(math.isnan(value) for value in seen)

    wait_for("silence", is_silent, 5)
    assert not any(abs(value) > 6000 for value in seen), seen
    set_power(bench.grid, 1000)
    # The offsets begin at zero again, and ramp up.
    wait_for("numbers again", lambda: [power_of(bench, unit) for unit in
                                       (1, 254, 7)] == [6000, 400, 400])


def no_number(bench, bad):
    """A total that is none is the sum of the phases. Shown as itself a meter
    has its own way of saying so."""
    bench.grid.set_float(52, bad)
    polls = len(bench.meter.seen) + 12
    while len(bench.meter.seen) < polls:
        solis, same, itself = (power_of(bench, unit) for unit in (1, 254, 7))
        assert solis == 6000 and abs(same - 400) < 0.01, (solis, same)
        assert not math.isfinite(itself) or abs(itself - 400) < 0.01, itself


def rows_of_power(bench):
    return bench.query(
        "SELECT true_w, offset_w, unit, response FROM txn WHERE line = 'inv1'"
        " AND outcome = 'ok' AND offset_w != 0 AND (unit = 1 AND address = 13"
        " OR unit = 247 AND address = 52 AND count = 2)")


def check_rows_of_power(rows):
    """Each agrees with itself: what was true, what was added, what was in the
    register."""
    for true_w, offset_w, unit, response in rows:
        value = struct.unpack_from(">h" if unit == 1 else ">f", response, 3)[0]
        expected = true_w + offset_w
        if unit == 1:
            expected = max(-32768, min(32767, expected))
        assert abs(value - expected) <= 1, (true_w, offset_w, value)


def case_25_a_sample_between_the_answer_and_its_sending(bench):
    """The answer stays what it was made of, in the row too: 40 ms lie between
    the two, and the power changes with every sample."""
    bench.offset(100, 600, shown="unit-247")
    real = bench.meter.answer
    watts = 1000.0

    def restless(request):
        nonlocal watts
        watts = 1000.0 if watts > 2500 else watts + 50
        set_power(bench.grid, watts)
        return real(request)
    bench.meter.answer = restless
    for _ in range(30):
        assert not math.isnan(power_of(bench, DELAYED))
    bench.meter.answer = real
    set_power(bench.grid, 1000.0)
    bench.catch_up()
    rows = [row for row in rows_of_power(bench) if row[2] == DELAYED]
    assert len(rows) > 20, len(rows)
    check_rows_of_power(rows)


def case_25_the_moved_power(bench):
    # Split over two reads.
    for unit in (254, 7):
        name = {254: "unit-254", 7: "meter-7"}[unit]
        bench.offset(-600, 600, shown=name)
        wait_for("the offset is there",
                 lambda: abs(power_of(bench, unit) - 400) < 0.01)
        whole = registers(bench, unit, 52, 2)
        assert registers(bench, unit, 52, 1) + \
            registers(bench, unit, 53, 1) == whole
        assert registers(bench, unit, 50, 3)[4:] + \
            registers(bench, unit, 53, 3)[:2] == whole
    # Beyond the register in either direction: its end, and no wrong sign.
    bench.offset(5000, 600, shown="solis")
    for watts, shown in ((-7000, -2000), (30000, 32767), (-45000, -32768),
                         (-5000, 0), (32766, 32767), (1000, 6000)):
        set_power(bench.grid, watts)
        wait_for(f"{watts} W are shown as {shown}",
                 lambda: power_of(bench, 1) == shown)
        if watts + 5000 not in (-2000, 0, 6000):
            continue
        wait_for("and by the meter's own model", lambda: abs(
            power_of(bench, 254) - (watts - 600)) < 0.01)
    for bad in (math.nan, math.inf, -math.inf):
        no_number(bench, bad)
    # Without a phase too there is nothing to show.
    bench.grid.set_float(14, math.nan)
    silent_and_back(bench)
    # Far beyond what the fuses let through: no sample either.
    bench.grid.set_float(52, 3e38)
    silent_and_back(bench)
    bench.catch_up()
    rows = rows_of_power(bench)
    assert len(rows) > 10
    check_rows_of_power(rows)


def the_other_line_kept_its_time(bench):
    bench.other_line_kept_its_time()


def with_echo():
    with Bench(echo=True) as bench:
        for test in run_on(bench, [case_21_echo,
                                   the_other_line_kept_its_time]):
            test()


with_echo.__name__ = "case_21_echo"
with Bench(units=(247, 254)) as the_bench:
    main(run_on(the_bench, [
        case_15_growatt_scan, case_16_solis_repeats_every_70_ms,
        case_17_asked_again_while_the_reply_leaves,
        case_18_of_two_requests_the_newest_is_answered,
        case_19_another_unit_on_the_line, case_20_noise_over_our_reply,
        case_22_stale_is_silent_and_fresh_answers_at_once,
        case_23_writes_pass, case_24_holes_between_addresses,
        case_25_the_moved_power,
        case_25_a_sample_between_the_answer_and_its_sending, the_other_line_kept_its_time]) +
        [with_echo])
