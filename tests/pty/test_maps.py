# SPDX-License-Identifier: MIT
"""Every map, through the wire: the house makes a device of each file in
etc/maps, `gridshim read` and `gridshim write` speak with it by name, and what
they say is what the device holds. How values stand in registers is written
twice, here in the house and there in gridshim."""
import concurrent.futures
import glob
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from devices import Devices, Refused  # noqa: E402
from rig import PROGRAM, main  # noqa: E402

# And two of devices that there are not, with all that a map may have.
MAPS = {os.path.basename(path)[:-len(".yaml")]: path
        for path in sorted(glob.glob("etc/maps/*.yaml")
                           + glob.glob("tests/house/maps/*.yaml"))}
# Lines are asked at the same time: most of it is waiting for pauses.
LINES = 12
WRITES = 4  # points of a map


def line_of(name):
    return f"bus{list(MAPS).index(name) % LINES}"


def unit_of(name):
    return 1 + list(MAPS).index(name)


def house(seed):
    return Devices([(name, path, line_of(name), unit_of(name))
                    for name, path in MAPS.items()], seed=seed)


def run(devices, command, name, *arguments):
    done = subprocess.run(
        [PROGRAM, command, "-l", f"{devices.path(line_of(name))}:115200:8N1",
         "-u", str(unit_of(name)), "-m", MAPS[name], *arguments, "--json"],
        capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def read(devices, name, *points):
    """{name: point}"""
    code, out, err = run(devices, "read", name, *points)
    assert code == 0, f"{name}: read {points}: {code} {err}"
    points = json.loads(out)["points"]
    assert len({p["name"] for p in points}) == len(points), points
    return {point["name"]: point for point in points}


def same(held, value):
    """Within half a step, and the sign."""
    if held["value"] is None or value is None:
        return held["value"] is None and value is None
    slack = held["step"] * 0.51 + abs(held["value"]) * 1e-9
    return abs(held["value"] - value) <= slack


def differences(held, seen):
    """What gridshim says otherwise of one point."""
    if not same(held, seen["value"]):
        yield "value"
    if held["text"] is not None and held["text"] != seen["text"]:
        yield "text"
    if seen["unit"] != held["unit"]:
        yield "unit"
    if any(word not in (seen["text"] or "")
           for word in held["words"].split(", ")):
        yield "words"


def complaints(name, held, found):
    """Second places of a quantity are there to be shown, not read."""
    wanted = {p["name"]: p for p in held if p["readable"] and not p["copy"]}
    for point_name, point in wanted.items():
        if point_name not in found:
            yield f"{name}: {point_name}: not read"
            continue
        for what in differences(point, found[point_name]):
            yield (f"{name}: {point_name}: {what}: {point} is read as"
                   f" {found[point_name]}")
    for point_name in set(found) - set(wanted):
        yield f"{name}: {point_name}: is not in the map"


def manners(devices, name):
    """What the device thought of the requests."""
    state = devices.state(name)
    for what in ("early", "torn"):
        if state[what]:
            yield f"{name}: {state[what]} of {state['requests']} {what}"
    sunspec = any(p["function"] == 3 and p["address"] != p["listed"]
                  for p in devices.list(name))
    if state["refused"] and not sunspec:
        yield f"{name}: {state['refused']} requests were refused"


def for_each_map(devices, check):
    """Runs check(devices, name) for all, line by line; all the complaints."""
    def one_line(number):
        found = []
        for name in MAPS:
            if line_of(name) == f"bus{number}":
                begin = time.monotonic()
                found += check(devices, name)
                took[name] = time.monotonic() - begin
        return found

    took = {}
    with concurrent.futures.ThreadPoolExecutor(LINES) as pool:
        found = sum(pool.map(one_line, range(LINES)), [])
    slowest = max(took, key=took.get)
    print(f"# measured {len(took)} maps, {sum(took.values()):.1f} s in all,"
          f" longest {took[slowest]:.1f} s ({slowest})")
    assert not found, "\n".join([f"{len(found)} differ:"] + found[:30])


def check_reading(devices, name):
    found = list(complaints(name, devices.list(name), read(devices, name)))
    return found + list(manners(devices, name))


def every_point_is_read_as_it_is_held():
    with house(seed=1) as devices:
        for_each_map(devices, check_reading)


def check_some(devices, name):
    """Three by name, and nothing else comes."""
    held = [p for p in devices.list(name) if p["readable"] and not p["copy"]]
    names = {p["name"] for p in held}
    chosen = random.Random(name).sample(sorted(names), min(3, len(names)))
    found = read(devices, name, *chosen)
    if set(found) != set(chosen):
        return [f"{name}: asked for {chosen}, got {sorted(found)}"]
    return list(complaints(
        name, [p for p in held if p["name"] in chosen], found))


def points_are_read_by_name():
    with house(seed=2) as devices:
        for_each_map(devices, check_some)


def check_none(devices, name):
    for point in devices.list(name):
        at = f"{point['name']}@{point['address']}"
        try:
            # A model without number and length is the end of its chain.
            head = point["address"] != point["listed"] and \
                point["listed"] < 2
            if point["readable"] and not point["scales"] and not head:
                devices.set(name, at, None)
        except Refused:
            pass  # it has no way to say so
    return check_reading(devices, name)


def what_is_not_available_is_no_number():
    with house(seed=3) as devices:
        for_each_map(devices, check_none)


# Writing

def writable(devices, name):
    """Some of them, always the same; all with WRITES=all, which takes minutes:
    there are devices that want 200 ms between requests."""
    points = [p for p in devices.list(name) if p["writable"]]
    if os.environ.get("WRITES") == "all" or len(points) <= WRITES:
        return points
    return random.Random(name).sample(points, WRITES)


def allowed(point):
    """Values that may be written: both ends, and one between."""
    if point["choices"]:
        return [raw for raw in point["choices"].values()
                if point["min"] <= raw <= point["max"]][:3]
    step = point["step"] or 1
    steps = (point["max"] - point["min"]) / step
    between = random.Random(point["name"]).random() * steps
    return [point["min"], point["max"],
            point["min"] + int(between) * step]


def one_write(devices, name, point, value):
    written = devices.get(name, f"{point['name']}@{point['address']}")
    code, out, err = run(devices, "write", name,
                         f"{point['name']}={value:.15g}")
    now = devices.get(name, f"{point['name']}@{point['address']}")
    if code != 0:
        return f"{name}: write {point['name']}={value}: {code} {err.strip()}"
    if now["writes"] != written["writes"] + 1 and not same(written, value):
        return f"{name}: {point['name']}={value} did not arrive"
    if not same(now, value):
        return f"{name}: {point['name']}={value} arrived as {now}"
    return None


def one_refusal(devices, name, point, value):
    before = devices.state(name)["writes"]
    code, out, err = run(devices, "write", name,
                         f"{point['name']}={value:.15g}")
    if code == 0 or not err:
        return f"{name}: {point['name']}={value} was not refused: {out}"
    if devices.state(name)["writes"] != before:
        return f"{name}: {point['name']}={value} was refused and written"
    return None


def check_writing(devices, name):
    found = []
    for point in writable(devices, name):
        if "min" not in point:
            continue
        found += [one_write(devices, name, point, value)
                  for value in allowed(point)]
        beyond = point["max"] + max(1, point["step"])
        found.append(one_refusal(devices, name, point, beyond))
    return [f for f in found if f] + list(manners(devices, name))


def what_is_written_is_held():
    with house(seed=4) as devices:
        for_each_map(devices, check_writing)


def check_read_only(devices, name):
    """One of them, and one that is not in the map."""
    held = devices.list(name)
    may = {p["name"] for p in held if p["writable"]}
    points = [p for p in held if p["name"] not in may][:1]
    found = [one_refusal(devices, name, point, 1)
             for point in points + [{"name": "no_such_point"}]]
    return [f for f in found if f]


def what_cannot_be_written_is_refused():
    with house(seed=5) as devices:
        for_each_map(devices, check_read_only)


main([every_point_is_read_as_it_is_held, points_are_read_by_name,
      what_is_not_available_is_no_number, what_is_written_is_held,
      what_cannot_be_written_is_refused])
