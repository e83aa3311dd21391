# SPDX-License-Identifier: MIT
"""A silent meter: the last answer comes no later than the age limit allows,
then there is silence, and answers come back at once with fresh samples."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main, wait_for  # noqa: E402

MAX_AGE_S = 1.5
ASK_S = 0.1


def frames_of(rig, side, result="ok"):
    return [int(r["mono_us"]) / 1e6 for r in rig.rows(rig.frames)
            if r["side"] == side and (result is None or r["result"] == result)]


def silence_and_return():
    with Rig(house=["--calm"], ask_ms=int(ASK_S * 1000)) as rig:
        rig.wait_active()
        rig.offset(400, 600)
        wait_for("the offset is reached",
                 lambda: rig.state()["offset"]["v"] == 400)
        rig.tell("meter silent")
        wait_for("the shown meter is silent",
                 lambda: rig.state()["state"] == "silent", 10)
        # The inverter goes on asking all the while; that refreshes nothing.
        asked = len(frames_of(rig, "inverter", None))
        wait_for("ten more questions of the inverter",
                 lambda: len(frames_of(rig, "inverter", None)) > asked + 10)
        assert rig.state()["state"] == "silent"
        last_good = frames_of(rig, "meter")[-1]
        last_answer = frames_of(rig, "inverter")[-1]
        print(f"# measured last answer {last_answer - last_good:.2f} s "
              f"after the last sample")
        assert MAX_AGE_S / 2 < last_answer - last_good \
            <= MAX_AGE_S + ASK_S + 0.1

        rig.tell("meter answer")
        wait_for("the shown meter answers again", rig.is_active, 10)
        wait_for("the inverter hears it", lambda: frames_of(
            rig, "inverter")[-1] > last_answer + 0.5)
        check_return(rig, last_good, last_answer)
        rig.stop()
        check_rows(rig)


def check_return(rig, last_good, last_answer):
    """Of the questions after the meter's first good sample at most one went
    without an answer (it was on the wire already)."""
    sample = min(t for t in frames_of(rig, "meter") if t > last_good + 0.1)
    rows = [r for r in rig.rows(rig.frames) if r["side"] == "inverter"
            and int(r["mono_us"]) / 1e6 > sample]
    first_ok = next(i for i, r in enumerate(rows) if r["result"] == "ok")
    print(f"# measured answered by question {first_ok + 1} after recovery")
    assert first_ok <= 1, rows[:4]


def check_rows(rig):
    """Ages only grew while the meter was silent; nothing shown was older than
    the limit; the offset shrank and came back from zero, ramped."""
    rows = rig.query("SELECT outcome, sample_age_ms, offset_w FROM txn"
                     " WHERE side='inverter' AND sample_age_ms >= 0"
                     " ORDER BY time_us")
    silent = [age for outcome, age, _ in rows if outcome == "silent"]
    assert silent and silent == sorted(silent), silent
    answered = [age for outcome, age, _ in rows if outcome == "ok"]
    assert max(answered) <= MAX_AGE_S * 1000
    last_silent = max(i for i, r in enumerate(rows) if r[0] == "silent")
    assert rows[last_silent + 1][2] == 0, rows[last_silent + 1]


def nothing_before_the_first_sample():
    with Rig(house=["--calm"], gateway=False, ask_ms=100) as rig:
        rig.tell("meter silent")
        rig.start()
        wait_for("twenty questions", lambda: len(
            frames_of(rig, "inverter", None)) > 20)
        assert not frames_of(rig, "inverter")
        rig.tell("meter answer")
        rig.wait_active()


def garbage_and_unplugged():
    """Spoilt answers are no samples; a pulled adapter comes back by itself."""
    with Rig(house=["--calm"], ask_ms=100) as rig:
        rig.wait_active()
        rig.tell("meter spoil 3")
        rig.tell("noise inv1 40")
        wait_for("the spoilt answers are on record", lambda: rig.query(
            "SELECT count(*) FROM txn WHERE side='meter'"
            " AND outcome='broken'")[0][0] >= 3)
        rig.wait_active()
        rig.tell("unplug meter")
        wait_for("the shown meter is silent",
                 lambda: rig.state()["state"] == "silent", 10)
        rig.tell("plug meter")
        rig.wait_active()
        rig.tell("unplug inv1")
        wait_for("the inverter's line is down",
                 lambda: rig.state()["inverter"]["up"] is False, 10)
        rig.tell("plug inv1")
        wait_for("the inverter's line is up",
                 lambda: rig.state()["inverter"]["up"] is True, 10)


def late_answers_are_never_taken():
    """The meter answers after the timeout, with values that have moved on: no
    sample may be older than it says."""
    with Rig(house=["--calm"], ask_ms=100) as rig:
        rig.wait_active()
        for ms in (150, 250, 400, 90, 700):
            rig.tell(f"meter late {ms}")
            before = rig.state()["meter"]["ok"]
            wait_for("the meter answers again",
                     lambda: rig.state()["meter"]["ok"] > before + 3, 10)
        bad = rig.query("SELECT count(*) FROM txn WHERE side='meter'"
                        " AND outcome='ok' AND length(response) !="
                        " 5 + 2 * count")
        assert bad[0][0] == 0


main([silence_and_return, nothing_before_the_first_sample,
      garbage_and_unplugged, late_answers_are_never_taken])
