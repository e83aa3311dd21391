# SPDX-License-Identifier: MIT
"""The page in a real browser, against the real gateway in the simulated house:
what is set on the page arrives at the bus, and in the house."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from rig import Rig, main, wait_for  # noqa: E402


def install():
    """playwright-core drives Debian's Chromium; nothing else is fetched."""
    if os.path.isdir(os.path.join(HERE, "node_modules", "playwright-core")):
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"],
                   cwd=HERE, check=True)


def run_script(rig, script, **more):
    env = dict(os.environ, URL=f"http://127.0.0.1:{rig.port}/", **more)
    done = subprocess.run(["node", os.path.join(HERE, script)], env=env,
                          capture_output=True, text=True, timeout=180)
    print(done.stdout + done.stderr)
    assert done.returncode == 0, "the browser script failed"


def offset_set_on_the_page_arrives_at_the_bus():
    install()
    with Rig(house=["--calm"], ask_ms=500) as rig:
        rig.wait_active()
        run_script(rig, "offset.mjs")
        # The script has set +500 W and stopped it again.
        wait_for("the rows are written", lambda: rig.query(
            "SELECT max(offset_w) FROM txn WHERE side='inverter'"
            " AND outcome='ok'")[0][0] == 500)
        owners = rig.query("SELECT DISTINCT owner FROM setting")
        assert owners == [("page",)], owners
        # And the house has followed: it exported meanwhile.
        lowest = min(float(r["grid_w"]) for r in rig.rows(rig.truth))
        print(f"# measured lowest grid power {lowest:.0f} W")
        assert lowest < -250


main([offset_set_on_the_page_arrives_at_the_bus])
