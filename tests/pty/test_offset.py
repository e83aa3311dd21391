# SPDX-License-Identifier: MIT
"""The main job: +500 W makes the house export 500 W, and it ends by itself."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Rig, main, wait_for  # noqa: E402

LEASE_S = 20
SETTLED_W = 30


def mean_grid_w(rig, seconds):
    rows = rig.rows(rig.truth)[-int(seconds * 10):]
    return sum(float(r["grid_w"]) for r in rows) / max(len(rows), 1)


def is_settled(rig, at_w):
    rows = rig.rows(rig.truth)[-20:]
    return len(rows) == 20 and all(
        abs(float(r["grid_w"]) - at_w) <= SETTLED_W for r in rows)


def offset_moves_the_grid_and_ends_by_itself():
    with Rig(house=["--calm"]) as rig:
        rig.wait_active()
        wait_for("the house settles at 0 W", lambda: is_settled(rig, 0), 60)
        rig.offset(500, LEASE_S)
        wait_for("the house settles at -500 W",
                 lambda: is_settled(rig, -500), LEASE_S)
        print(f"# measured {mean_grid_w(rig, 2):.0f} W after the offset")
        wait_for("the lease ends", lambda: rig.state()["lease"] is None,
                 LEASE_S + 5)
        wait_for("the house settles at 0 W again",
                 lambda: is_settled(rig, 0), 60)
        print(f"# measured {mean_grid_w(rig, 2):.0f} W after its end")
        rig.stop()
        check_ramp(rig)
        check_rows(rig)


def check_ramp(rig):
    """No two answers further apart than 1000 W/s allows, up or down."""
    rows = rig.query("SELECT time_us, offset_w FROM txn WHERE side='inverter'"
                     " AND outcome='ok' ORDER BY time_us")
    assert len(rows) > 50
    for (t0, w0), (t1, w1) in zip(rows, rows[1:]):
        # A sample of the meter may be up to a poll older than the answer.
        allowed = 1000 * ((t1 - t0) / 1e6 + 0.25) + 1
        assert abs(w1 - w0) <= allowed, (w0, w1, (t1 - t0) / 1e6)
    assert max(w for _, w in rows) == 500
    assert rows[-1][1] == 0


def check_rows(rig):
    """What was shown is what was measured plus the offset, with a reason."""
    for true_w, shown_w, offset_w, reason in rig.query(
            "SELECT true_w, shown_w, offset_w, reason FROM txn"
            " WHERE side='inverter' AND outcome='ok'"):
        assert abs(shown_w - true_w - offset_w) <= 1
        assert reason in ("transparent", "manual", "ramp", "expired"), reason
    owners = rig.query("SELECT owner FROM setting")
    assert len(owners) == 1, owners


def stop_ends_it_at_once():
    with Rig(house=["--calm"]) as rig:
        rig.wait_active()
        rig.offset(-800, 3600)
        wait_for("the offset is reached",
                 lambda: rig.state()["offset"]["v"] == -800)
        status, _ = rig.request("DELETE", "/api/v1/offset")
        assert status in (200, 204)
        wait_for("the offset is gone",
                 lambda: rig.state()["offset"]["v"] == 0, 5)


def refusals_change_nothing():
    with Rig(house=["--calm"]) as rig:
        rig.wait_active()
        for body in ({"value_w": 3001, "duration_s": 60},
                     {"value_w": -3001, "duration_s": 60},
                     {"value_w": 100, "duration_s": 0},
                     {"value_w": 100, "duration_s": 86401},
                     {"value_w": 100},
                     {"value_w": "100", "duration_s": 60},
                     {"value_w": 100, "duration_s": 60, "shown": "nobody"},
                     {"value_w": 100, "duration_s": 60, "ramp_w_per_s": -1}):
            status, text = rig.request("PUT", "/api/v1/offset", body)
            assert 400 <= status < 500, (body, status, text)
            assert rig.state()["lease"] is None, body


main([offset_moves_the_grid_and_ends_by_itself, stop_ends_it_at_once,
      refusals_change_nothing])
