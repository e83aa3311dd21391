# SPDX-License-Identifier: MIT
"""Modbus TCP from memory: gridshim's shown meter beside a libmodbus server on
select and a bare epoll server (floor), in turns, over loopback, all three at
the priority of gridshim's proxy and on one core, with the load on the others:
clients are other machines. (Where they share a core, a server of high priority
is woken for every single request, and its CPU per request is twice as much,
whoever's it is.)

The CPU is that of the process that answers. "load" is the load's own share of a
core: near 100 % it is the load that is measured, and CPU tells more than
answers a second.
"""
import os

from contest import (COUNT, ROUNDS, SHOWN_UNIT, URGENT, Elsewhere, Gridshim,
                     Program, apart, free_port, median_of, settle, tcp_load,
                     tool)

CLIENTS = [int(c) for c in os.environ.get(
    "CLIENTS", "1,10,100,1000").split(",")]
DEPTHS = (1, 8)
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))


def row(clients, depth, name, results):
    wrong = sum(r["wrong"] + r["exceptions"] + r["closed"] for r in results)
    print(f"{clients:>7} {depth:>6} {name:<10} "
          f"{median_of(results, 'per_s') / 1e3:>8.1f} "
          f"{median_of(results, 'p50'):>9.0f} "
          f"{median_of(results, 'p99'):>9.0f} "
          f"{median_of(results, 'cpu_ms'):>9.2f} "
          f"{median_of(results, 'own_cpu') * 100:>5.0f} {wrong:>5}",
          flush=True)


def check(clients, depth, results, targets):
    def ratio(key, to):
        return (median_of(results["gridshim"], key) /
                max(1e-9, median_of(results[to], key)))

    what = f"tcp, {clients} x {depth}"
    if depth == 1:
        targets.check(f"{what}, answers/s, times libmodbus's",
                      ratio("per_s", "libmodbus"), 1, least=True)
    elif clients == 100:
        targets.check(f"{what}, answers/s, times libmodbus's",
                      ratio("per_s", "libmodbus"), 3, least=True)
    targets.check(f"{what}, p99, times floor's", ratio("p99", "floor"), 1.5)
    targets.check(f"{what}, CPU, times floor's", ratio("cpu_ms", "floor"),
                  1.25)


def measure(servers, clients, depth, targets):
    results = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, (port, unit, pid) in servers.items():
            with Elsewhere():
                results[name].append(
                    tcp_load(port, unit, clients, depth, SECONDS, pid))
            settle()
    for name in servers:
        row(clients, depth, name, results[name])
    check(clients, depth, results, targets)


def run(targets):
    print(f"\ntcp: reads of {COUNT} registers from memory, median of {ROUNDS} "
          f"rounds of {SECONDS:g} s")
    print(f"{'clients':>7} {'flying':>6} {'server':<10} {'k/s':>8} "
          f"{'p50 us':>9} {'p99 us':>9} {'cpu ms/k':>9} {'load%':>5} "
          f"{'wrong':>5}")
    plain, bare = free_port(), free_port()
    with Gridshim() as box, \
            Program(*URGENT, tool("tcp_plain"), plain, port=plain) as libmodbus, \
            Program(*URGENT, tool("tcp_floor"), bare, port=bare) as floor:
        for server in (box, libmodbus, floor):
            apart(server.pid)
        servers = {"gridshim": (box.tcp_port, SHOWN_UNIT, box.pid),
                   "libmodbus": (plain, 1, libmodbus.pid),
                   "floor": (bare, 1, floor.pid)}
        for depth in DEPTHS:
            for clients in CLIENTS:
                measure(servers, clients, depth, targets)
