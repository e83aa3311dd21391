# SPDX-License-Identifier: MIT
"""What the lines count, against what the simulated house knows of it."""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main, wait_for  # noqa: E402

BAUD = 9600
ASK_MS = 500


def lines(rig):
    status, text = rig.request("GET", "/api/v1/lines")
    assert status == 200, text
    return {line["name"]: line for line in json.loads(text)["lines"]}


def add_up(events, *ends):
    """All but the one under way have ended somehow."""
    return events["requests"] - sum(events[end] for end in ends) in (0, 1)


def counters_are_those_of_the_records(rig):
    answered = rig.query("SELECT count(*) FROM txn WHERE side = 'inverter'"
                         " AND outcome = 'ok'")[0][0]
    wait_for("what is on record is counted", lambda: (
        lines(rig)["inv1"]["events"]["ok"] >= answered > 0))
    found = lines(rig)
    assert add_up(found["inv1"]["events"], "ok", "exceptions", "silent",
                  "late", "superseded", "broken"), found["inv1"]
    assert add_up(found["meter"]["events"], "ok", "exceptions", "timeouts",
                  "broken"), found["meter"]
    assert found["meter"]["events"]["ok"] > 10, found["meter"]

    def unit_is_its_line():
        line = lines(rig)["inv1"]
        (unit,) = line["units"]
        return unit["unit"] == 1 and unit["events"]["ok"] \
            == line["events"]["ok"]
    wait_for("the only unit counts what its line does", unit_is_its_line)


def replies_are_timed(rig):
    found = lines(rig)
    ours = found["inv1"]["replies"]["ours"]
    # Not before t3.5, and not much later.
    assert 3.5e4 / BAUD <= ours["mean_ms"], ours
    assert ours["p50_ms"] <= 10 and ours["p50_ms"] <= ours["p99_ms"], ours
    device = found["meter"]["replies"]["device"]
    assert 10 < device["p50_ms"] <= device["p99_ms"] < 1000, device


def what_the_inverter_asks(rig):
    (one,) = lines(rig)["inv1"]["asked"]
    assert (one["unit"], one["function"], one["address"], one["count"]) \
        == (1, 3, 0, 65), one
    assert one["answer"] == "ok" and one["times"] > 3, one
    assert 0.6 * ASK_MS < one["interval_ms"] < 1.6 * ASK_MS, one


def the_inverter_is_understood():
    with Rig(house=["--calm"], ask_ms=ASK_MS) as rig:
        rig.wait_active()
        wait_for("a dozen answers", lambda: lines(
            rig)["inv1"]["events"]["ok"] > 12)
        counters_are_those_of_the_records(rig)
        replies_are_timed(rig)
        what_the_inverter_asks(rig)


def noise_and_a_pulled_adapter_are_counted():
    with Rig(house=["--calm"], ask_ms=200) as rig:
        rig.wait_active()
        wait_for("both lines are up",
                 lambda: all(line["up"] for line in lines(rig).values()))
        before = lines(rig)
        assert all(line["events"]["reopened"] == 0
                   for line in before.values())
        rig.tell("noise inv1 40")
        wait_for("the noise is counted", lambda: (
            lines(rig)["inv1"]["events"]["dropped_bytes"]
            - before["inv1"]["events"]["dropped_bytes"] >= 30))
        assert lines(rig)["inv1"]["events"]["crc_errors"] \
            > before["inv1"]["events"]["crc_errors"]
        rig.tell("unplug meter")
        wait_for("the line is down", lambda: not lines(rig)["meter"]["up"])
        rig.tell("plug meter")
        wait_for("it is up again", lambda: lines(rig)["meter"]["up"])
        after = lines(rig)
        assert after["meter"]["events"]["reopened"] == 1, after["meter"]
        assert after["inv1"]["events"]["reopened"] == 0, after["inv1"]
        messages = after["inv1"]["events"]["messages"]
        wait_for("frames go on", lambda: (
            lines(rig)["inv1"]["events"]["messages"] > messages))


def a_killed_web_process_learns_it_again():
    with Rig(house=["--calm"]) as rig:
        rig.wait_active()
        wait_for("frames are counted", lambda: (
            lines(rig)["inv1"]["events"]["messages"] > 0))
        os.kill(rig.child("web"), signal.SIGKILL)

        def messages():
            try:
                return lines(rig)["inv1"]["events"]["messages"]
            except OSError:
                return 0
        wait_for("they are counted on", messages)


def prometheus_understands_it():
    with Rig(house=["--calm"]) as rig:
        rig.wait_active()
        wait_for("the lines are known", lambda: lines(
            rig)["inv1"]["heard_age_ms"] is not None)
        status, text = rig.request("GET", "/metrics")
        assert status == 200
        assert 'gridshim_line_up{line="meter"} 1' in text, text
        done = subprocess.run(["promtool", "check", "metrics"], input=text,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


main([the_inverter_is_understood, noise_and_a_pulled_adapter_are_counted,
      a_killed_web_process_learns_it_again, prometheus_understands_it])
