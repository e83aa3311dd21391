# SPDX-License-Identifier: MIT
"""Modbus TCP to RTU: clients that read what is not in memory, from a libmodbus
server at the end of a line; beside the bare line, asked as fast as the
standard's silence allows, and beside mbusd where PEER_MBUSD names it.

Times are from the question to the whole answer. One client that asks again at
once waits for the silence after its last answer as well: what is over the bare
line and that silence is the gateway's own.
"""
import os

from contest import (COUNT, ROUNDS, Gridshim, Line, Program, bauds, free_port,
                     median_of, run_json, settle, t35_us, tcp_load, tool)

CLIENTS = (1, 10, 100)
SECONDS = float(os.environ.get("SECONDS_EACH", "5"))
REQUESTS = 100  # on the bare line
OVER_MS = 0.3
MBUSD = os.environ.get("PEER_MBUSD")

TCP = """\
modbus_tcp:
  port: {port}
  connections_max: {connections}
  idle_s: {idle}
  units:
    - {{unit: 1, device: far}}
"""
DEVICE = ("  - {{name: far, role: meter, line: far, unit: 1, "
          "map: eastron-sdm630, poll_ms: 0}}\n")


def ask_line(line, baud):
    whole = run_json(tool("asker"), line.near, baud, 1, 3, 0, COUNT, REQUESTS,
                     0)
    cycle_us = whole["whole_p50"] + t35_us(baud)
    return {"p50": whole["whole_p50"], "p99": whole["whole_p99"],
            "per_s": 1e6 / cycle_us, "exceptions": 0, "closed": 0,
            "wrong": whole["silent"] + whole["broken"], "cpu_ms": 0}


def ask_ours(line, baud):
    lines = (f"  - {{name: far, serial: {line.near}, "
             f"baud: {baud or 115200}, format: 8N1}}")
    # Not the line's own: formatted once more on its way.
    lines = lines.replace("{", "{{").replace("}", "}}")
    with Gridshim(tcp=TCP, more_lines=lines, devices=DEVICE) as box:
        return by_clients(box.tcp_port, box.pid)


def ask_mbusd(line, baud):
    port = free_port()
    with Program(MBUSD, "-d", "-L", "-", "-v", 0, "-p", line.near, "-s",
                 baud or 115200, "-m", "8n1", "-A", "127.0.0.1", "-P", port,
                 "-C", 128, "-R", 1, "-W", 1000, "-N", 0, "-T", 0,
                 port=port) as mbusd:
        return by_clients(port, mbusd.pid)


def by_clients(port, pid):
    results = {}
    for clients in CLIENTS:
        results[clients] = tcp_load(port, 1, clients, 1, SECONDS, pid)
        settle()
    return results


def row(baud, clients, name, results):
    wrong = sum(r["wrong"] + r["closed"] for r in results)
    print(f"{baud or 'unpaced':>8} {clients:>7} {name:<10} "
          f"{median_of(results, 'per_s'):>8.1f} "
          f"{median_of(results, 'p50') / 1e3:>9.2f} "
          f"{median_of(results, 'p99') / 1e3:>9.2f} "
          f"{median_of(results, 'cpu_ms'):>9.1f} "
          f"{sum(r['exceptions'] for r in results):>6} {wrong:>5}",
          flush=True)


def measure(baud, targets):
    gateways = {"gridshim": ask_ours}
    if MBUSD:
        gateways["mbusd"] = ask_mbusd
    bare, through = [], {name: [] for name in gateways}
    with Line(baud) as line, Program(tool("plainserver"), line.far,
                                     baud or 115200, 1, opens=line.far):
        for _ in range(ROUNDS):
            bare.append(ask_line(line, baud))
            for name, gateway in gateways.items():
                through[name].append(gateway(line, baud))
    row(baud, "-", "bare line", bare)
    for clients in CLIENTS:
        for name in gateways:
            row(baud, clients, name, [r[clients] for r in through[name]])
    ours = median_of([r[1] for r in through["gridshim"]], "p50")
    targets.check(f"gateway, {baud or 'unpaced'}, median over line and t3.5",
                  (ours - median_of(bare, "p50") - t35_us(baud)) / 1e3,
                  OVER_MS, " ms")


def run(targets):
    print(f"\ngateway: reads of {COUNT} registers over a line, median of "
          f"{ROUNDS} rounds of {SECONDS:g} s")
    print(f"{'baud':>8} {'clients':>7} {'through':<10} {'1/s':>8} "
          f"{'p50 ms':>9} {'p99 ms':>9} {'cpu ms/k':>9} {'busy':>6} "
          f"{'wrong':>5}")
    for baud in bauds("9600,38400,0"):
        measure(baud, targets)
