# SPDX-License-Identifier: MIT
"""Reply time on the inverter's wire: gridshim beside a plain libmodbus server
and a bare one (floor), on the same line, in turns; then once more while 100
Modbus TCP clients load the box as fast as they can.

From the last byte of the request to the first byte of the reply. The standard
asks for t3.5 of silence between them, which floor keeps too; libmodbus does
not: it is faster by that much and wrong by that much. gridshim polls its meter
and writes its database all the while; its CPU is that of the proxy, with all
four processes beside it. Under load each of the others has a bare TCP server
beside it that takes the same clients. The contestants, the line and who asks
have the priority of gridshim's proxy; the load has not.
"""
import os

from contest import (COUNT, ROUNDS, SHOWN_UNIT, URGENT, Gridshim, Line, Program,
                     bauds, cpu_ns, free_port, median_of, rss_kb, run_json,
                     settle, t35_us, tool)

REQUESTS = int(os.environ.get("REQUESTS", "400"))
CLIENTS = 100
OVER_US = 200  # over t3.5, at the median


def load(port, unit):
    return Program(tool("tcp_load"), port, unit, 3, 0, COUNT, CLIENTS, 1,
                   3600)


def ask(line, baud, pids):
    before = [cpu_ns(pid) for pid in pids]
    result = run_json(*URGENT, tool("asker"), line.near, baud, 1, 3, 0, COUNT,
                      REQUESTS, 0)
    result["cpu_ms"] = [(cpu_ns(pid) - b) / 1e6 * 1000 / REQUESTS
                        for pid, b in zip(pids, before)]
    result["rss_kb"] = [rss_kb(pid) for pid in pids]
    return result


def ask_ours(line, baud, loaded):
    with Gridshim(line.far, baud or 115200) as box:
        if not loaded:
            return ask(line, baud, box.pids)
        with load(box.tcp_port, SHOWN_UNIT):
            settle()
            return ask(line, baud, box.pids)


def ask_other(program, line, baud, loaded):
    with Program(*URGENT, tool(program), line.far, baud or 115200, 1,
                 opens=line.far) as server:
        if not loaded:
            return ask(line, baud, [server.pid])
        port = free_port()
        with Program(tool("tcp_floor"), port, port=port), load(port, 1):
            settle()
            return ask(line, baud, [server.pid])


CONTESTANTS = {
    "gridshim": ask_ours,
    "libmodbus": lambda *how: ask_other("plainserver", *how),
    "floor": lambda *how: ask_other("floor", *how),
}


def row(name, baud, results, loaded):
    lost = sum(r["silent"] + r["broken"] for r in results)
    p50 = median_of(results, "p50")
    cpu = sum(r["cpu_ms"][0] for r in results) / len(results)
    print(f"{baud or 'unpaced':>8} {name:<10} {p50:>8} "
          f"{median_of(results, 'p99'):>8} {median_of(results, 'p999'):>8} "
          f"{t35_us(baud):>7} {p50 - t35_us(baud):>9} "
          f"{'-' if loaded and name == 'gridshim' else f'{cpu:.1f}':>9} "
          f"{results[0]['rss_kb'][0]:>8} {lost:>5}", flush=True)


def measure(baud, loaded, targets):
    results = {name: [] for name in CONTESTANTS}
    with Line(baud) as line:
        for _ in range(ROUNDS):
            for name, contestant in CONTESTANTS.items():
                results[name].append(contestant(line, baud, loaded))
    for name in CONTESTANTS:
        row(name, baud, results[name], loaded)
    ours = results["gridshim"]
    floor_us = median_of(results["floor"], "p50")
    print(f"{'':>8} over floor: {median_of(ours, 'p50') - floor_us} us")
    if not loaded:
        total = sum(sum(r["cpu_ms"]) for r in ours) / len(ours)
        print(f"{'':>8} all four processes: {total:.1f} cpu ms/k, "
              f"RSS {sum(ours[0]['rss_kb'])} kB")
    targets.check(
        f"serial, {baud or 'unpaced'}, {'loaded' if loaded else 'quiet'}, "
        "median over t3.5", median_of(ours, "p50") - t35_us(baud),
        OVER_US, " us")


def run(targets):
    for loaded in (False, True):
        print(f"\nserial: reply time in us, median of {ROUNDS} rounds of "
              f"{REQUESTS} reads of {COUNT} registers"
              + (f", {CLIENTS} Modbus TCP clients beside" if loaded else ""))
        print(f"{'baud':>8} {'server':<10} {'p50':>8} {'p99':>8} "
              f"{'p99.9':>8} {'t3.5':>7} {'p50-t3.5':>9} {'cpu ms/k':>9} "
              f"{'RSS kB':>8} {'lost':>5}")
        for baud in bauds("9600,19200,115200,0"):
            measure(baud, loaded, targets)
