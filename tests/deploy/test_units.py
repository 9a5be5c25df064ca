"""The units of systemd, the compose file and the other examples in deploy/ are what they say."""

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from mergeui import settings as own

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
# What keeps a broken or hostile process in its place (systemd.exec).
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes",
    "UMask": "0077", "User": "mergeui", "SystemCallFilter": "@system-service",
}  # fmt: skip
KNOWN = {"Unit", "Service", "Timer", "Install"}


class Sections(configparser.RawConfigParser):
    """A unit: keys keep their case, and each is there once."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def read(unit: Path) -> Sections:
    parsed = Sections(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parsed.read_string(unit.read_text())
    return parsed


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_one(unit: Path, tmp_path: Path) -> None:
    """By systemd where it is; what can be read without it is looked at everywhere."""
    parsed = read(unit)
    assert set(parsed.sections()) <= KNOWN
    assert parsed["Unit"]["Description"].startswith("mergeui: ")
    verify = shutil.which("systemd-analyze")
    if verify is None:
        return
    for one in UNITS:  # a timer names its service; the programs are where this checkout is
        there = one.read_text().replace("/opt/mergeui", str(ROOT))
        (tmp_path / one.name).write_text(there.replace(f"{ROOT}/.venv/bin/", "/usr/bin/env "))
    done = subprocess.run(
        [verify, "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_is_kept_in_its_place(unit: Path) -> None:
    service = read(unit)["Service"]
    assert {name: service[name] for name in HARDENED} == HARDENED
    program, *arguments = service["ExecStart"].split()
    assert program.startswith("/opt/mergeui/.venv/bin/")
    if "manage.py" in arguments:
        command = arguments[arguments.index("manage.py") + 1]
        assert list(ROOT.glob(f"mergeui/*/management/commands/{command}.py")), command


def test_a_merge_in_hand_has_its_time() -> None:
    worker = read(DEPLOY / "systemd" / "mergeui-worker.service")["Service"]
    assert int(worker["TimeoutStopSec"]) >= own.MERGE_LEASE_SECONDS
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert int(compose["services"]["worker"]["stop_grace_period"][:-1]) >= own.MERGE_LEASE_SECONDS


def test_the_compose_file_fits_the_specification() -> None:
    """Its schema is that of the compose specification, beside this file."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    validator = jsonschema.Draft201909Validator(schema)
    validator.validate(compose)
    assert not validator.is_valid(compose | {"services": {"web": {"port": 1}}})

    services = compose["services"]
    assert set(services) == {"database", "migrate", "web", "worker"}
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            assert how["condition"].startswith("service_")
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"]
        if name != "database":
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


def test_every_variable_of_the_compose_file_is_one_of_ours() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    settings = (ROOT / "mergeui" / "settings.py").read_text()
    for name in compose["services"]["web"]["environment"]:
        assert f'"{name}"' in settings, name


def test_the_image_runs_as_nobody_and_has_what_it_copies() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    assert {step for step, _ in steps} <= {
        "FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "STOPSIGNAL", "CMD",
    }  # fmt: skip
    assert [what for step, what in steps if step == "USER"] == ["10001"]
    assert "--require-hashes" in text
    for step, what in steps:
        if step == "COPY" and not what.startswith("--from"):
            assert (ROOT / what.split()[0]).exists()
    assert json.loads(dict(steps)["CMD"])[0] == "gunicorn"


def test_the_container_file_passes_its_linter() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [linter, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    bad = subprocess.run(
        [linter, "-"], input="FROM debian\nRUN cd /\n", text=True, capture_output=True
    )
    assert bad.returncode == 1


def test_nginx_sets_what_a_client_says_of_itself() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text())
    assert text.count("{") == text.count("}")
    assert re.search(r"X-Forwarded-For\s+\$remote_addr;", text)
    assert "proxy_add_x_forwarded_for" not in text
    assert re.search(r"X-Request-ID\s+\$request_id;", text)
    for line in filter(None, map(str.strip, text.splitlines())):
        assert line[-1] in "{};", line


def test_pgbouncer_pools_by_transaction() -> None:
    parsed = configparser.RawConfigParser(comment_prefixes=(";",))
    parsed.read(DEPLOY / "pgbouncer.ini")
    assert parsed["pgbouncer"]["pool_mode"] == "transaction"
    assert "options" in parsed["pgbouncer"]["ignore_startup_parameters"].split(",")
