# SPDX-License-Identifier: MIT
"""What the lines count, against what the simulated house knows of it."""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main, wait_for  # noqa: E402


def lines(rig):
    status, text = rig.request("GET", "/api/v1/lines")
    assert status == 200, text
    return {line["name"]: line for line in json.loads(text)["lines"]}


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


main([noise_and_a_pulled_adapter_are_counted,
      a_killed_web_process_learns_it_again, prometheus_understands_it])
