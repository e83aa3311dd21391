# SPDX-License-Identifier: MIT
"""Ten minutes at 15 requests a second: 0 missing."""
import os
import runpy

os.environ["SECONDS_TO_RUN"] = "600"
runpy.run_path(os.path.join(os.path.dirname(__file__),
                            "../pty/test_complete.py"), run_name="__main__")
