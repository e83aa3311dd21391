# SPDX-License-Identifier: MIT
"""The command line as a person meets it."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import PROGRAM, Rig, main, wait_for  # noqa: E402

EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT = 0, 64, 65, 66
EX_UNAVAILABLE, EX_CONFIG = 69, 78


def run(*arguments, **options):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True,
                          text=True, timeout=20, **options)
    return done.returncode, done.stdout, done.stderr


def help_and_mistakes():
    code, out, _ = run("--help")
    assert code == EX_OK and "usage: gridshim" in out
    for command in ("run", "check", "status", "offset", "map", "password"):
        code, out, _ = run(command, "--help")
        assert code == EX_OK and out.startswith(f"usage: gridshim {command}")
    assert run()[0] == EX_USAGE
    assert run("dance")[0] == EX_USAGE
    assert run("check", "--nonsense")[0] == EX_USAGE
    assert run("--version")[1].startswith("gridshim ")


def a_wrong_file_starts_nothing():
    with Rig(gateway=False) as rig:
        good = open(rig.config).read()
        line = next(i for i, text in enumerate(good.splitlines(), 1)
                    if "limit_w" in text)
        with open(rig.config, "w") as f:
            f.write(good.replace("limit_w: 3000", "limit_w: 3e9"))
        for command in ("check", "run"):
            code, out, err = run(command, "-c", rig.config, "-m", "etc/maps")
            assert code == EX_CONFIG, code
            assert err.startswith(f"{rig.config}:{line}:"), err
            assert "limit_w" in err
        assert not os.path.exists(rig.database)
        with open(rig.config, "w") as f:
            f.write(good.replace("acrel-1p-solis", "no-such-meter"))
        code, _, err = run("check", "-c", rig.config, "-m", "etc/maps")
        assert code == EX_CONFIG and "no-such-meter" in err
        with open(rig.config, "w") as f:
            f.write(good)
        assert run("check", "-c", rig.config, "-m", "etc/maps")[0] == EX_OK


def maps_are_listed_shown_and_checked():
    code, out, err = run("map", "list", "-m", "etc/maps")
    assert code == EX_OK and err == "", err
    assert "meter     eastron-sdm630 " in out
    assert "inverter  solis-s5-eh1p " in out
    listed = json.loads(run("map", "list", "-m", "etc/maps", "--json")[1])
    assert len(listed) == len(out.splitlines()) - 1
    code, out, _ = run("map", "show", "-m", "etc/maps", "solis-s5-eh1p")
    assert code == EX_OK and "battery_soc" in out and "4:33139" in out, out
    shown = json.loads(run("map", "show", "--json",
                           "etc/maps/eastron-sdm630.yaml")[1])
    power = [p for p in shown["points"] if p["name"] == "active_power"]
    assert power[0]["unit"] == "W" and power[0]["address"] == 52, power
    assert run("map", "show", "-m", "etc/maps", "no-such")[0] == EX_NOINPUT
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write("name: x\nfunction: 9\n")
        f.flush()
        code, out, _ = run("map", "check", "etc/maps/eastron-sdm630.yaml",
                           f.name)
        assert code == EX_DATAERR
        assert out.splitlines()[0] == "etc/maps/eastron-sdm630.yaml: ok"
        assert out.splitlines()[1].startswith(f"{f.name}:"), out
    for wrong in ([], ["dance"], ["show"], ["check"], ["list", "x"],
                  ["import"], ["import", "--addressing", "odd", "x.csv"]):
        assert run("map", *wrong)[0] == EX_USAGE, wrong
    for command in ("list", "show", "check", "import"):
        code, out, _ = run("map", command, "--help")
        assert code == EX_OK and f"gridshim map {command}" in out


def a_spreadsheet_becomes_a_map():
    with tempfile.TemporaryDirectory() as folder:
        csv, yaml = folder + "/z.csv", folder + "/z.yaml"
        with open(csv, "w") as f:
            f.write("Bezeichnung;Adresse;Datentyp;Einheit;Faktor\n"
                    "Wirkleistung;40001;INT32;W;0,1\n"
                    "Wirrwarr;40003;Zahl;W;0,1\n")
        code, out, err = run("map", "import", csv, "-o", yaml, "--kind",
                             "meter", "--name", "Z 1", "--addressing",
                             "vendor")
        assert code == EX_OK and out == "", (code, out, err)
        assert "line 3: wirrwarr: 'Zahl' is no type" in err, err
        assert run("map", "check", yaml)[0] == EX_OK
        assert "active_power" in run("map", "show", yaml)[1]
        # What is made is written, and what is wrong with it told.
        code, out, err = run("map", "import", csv, "--kind", "meter",
                             "--addressing", "one")
        assert code == EX_OK and "address: 40000" in out, err
        with open(csv, "w") as f:
            f.write("name,address,type\nserial,1,u16\n")
        code, out, err = run("map", "import", csv, "--kind", "meter")
        assert code == EX_DATAERR and "name: serial" in out
        assert "not good yet: line" in err, err
        assert run("map", "import", folder + "/none.csv")[0] == EX_NOINPUT


def status_and_offset_of_a_running_one():
    with Rig(house=["--calm"]) as rig:
        rig.wait_active()
        code, out, _ = run("status", "-c", rig.config)
        assert code == EX_OK and "solis-meter: active" in out, out
        assert "inverter sees" in out
        code, out, _ = run("status", "-c", rig.config, "--json")
        assert code == EX_OK and out.startswith("{")
        code, _, err = run("offset", "-c", rig.config, "-300", "60")
        assert code == EX_OK, err
        wait_for("the offset is reached",
                 lambda: rig.state()["offset"]["v"] == -300)
        assert rig.state()["lease"]["owner"] == "cli"
        assert run("offset", "-c", rig.config, "9999", "60")[0] == EX_DATAERR
        assert run("offset", "-c", rig.config, "12x", "60")[0] == EX_USAGE
        assert run("offset", "-c", rig.config, "stop")[0] == EX_OK
        wait_for("it is gone", lambda: rig.state()["lease"] is None)
    assert run("status", "--url", f"http://127.0.0.1:{rig.port}")[0] == \
        EX_UNAVAILABLE


def beyond_loopback_only_with_a_login():
    with Rig(house=["--calm"], gateway=False) as rig:
        good = open(rig.config).read()
        with open(rig.config, "w") as f:
            f.write(good.replace("listen: 127.0.0.1", "listen: 0.0.0.0"))
        code, _, err = run("check", "-c", rig.config, "-m", "etc/maps")
        assert code == EX_CONFIG and "login" in err, err
        code, line, err = run("password", input="correct horse battery\n")
        assert code == EX_OK and line.startswith("$argon2id$"), err
        assert run("password", input="short\n")[0] == EX_DATAERR
        secret = os.path.join(rig.dir, "password")
        with open(secret, "w") as f:
            f.write(line)
        with open(rig.config, "w") as f:
            f.write(good.replace(
                "listen: 127.0.0.1",
                f"listen: 0.0.0.0, password_file: {secret}"))
        rig.start()
        wait_for("the page is up", lambda: answers(rig))
        assert rig.request("GET", "/api/v1/state")[0] == 401
        assert rig.request("GET", "/api/v1/events")[0] == 401
        assert rig.request("PUT", "/api/v1/offset", {
            "value_w": 1, "duration_s": 1})[0] == 401
        code, _, err = run("status", "-c", rig.config,
                           env={**os.environ, "GRIDSHIM_PASSWORD": "wrong"})
        assert code == 77, (code, err)
        # The wrong try costs the next one a moment.
        wait_for("the right password is taken", lambda: is_let_in(rig), 10)


def is_let_in(rig):
    code, out, _ = run("status", "-c", rig.config, env={
        **os.environ, "GRIDSHIM_PASSWORD": "correct horse battery"})
    return code == EX_OK and "solis-meter" in out


def answers(rig):
    try:
        return rig.request("GET", "/api/v1/health")[0] == 200
    except OSError:
        return False


main([help_and_mistakes, a_wrong_file_starts_nothing,
      maps_are_listed_shown_and_checked, a_spreadsheet_becomes_a_map,
      status_and_offset_of_a_running_one, beyond_loopback_only_with_a_login])
