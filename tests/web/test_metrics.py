"""What Prometheus is told, and by whom it is read."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from mergeui.accounts.models import Role
from mergeui.merging.alive import Pulse
from mergeui.merging.models import Heartbeat
from mergeui.review.models import SyncRun
from tests.merging.stage import anas, approved, past
from tests.web.cast import somebody

pytestmark = pytest.mark.django_db

TOKEN = "token-of-prometheus"


def told(client: Client) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        f"{one.name}{sorted(one.labels.items()) or ''}": one.value
        for family in families
        for one in family.samples
    }


@pytest.fixture
def prometheus(settings) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return Client()


def test_what_is_told_of_the_desk(prometheus: Client) -> None:
    desk = anas(2)
    Pulse().beat()
    request = approved(desk)
    past(request, execute_after=30)
    found = told(prometheus)
    assert found["mergeui_workers"] == 1
    assert found["mergeui_worker_age_seconds"] < 60
    assert found["mergeui_sync_age_seconds"] < 60
    assert 29 < found["mergeui_merge_overdue_seconds"] < 90
    assert found["mergeui_merge_requests[('state', 'approved')]"] == 1
    assert found["mergeui_history_broken"] == found["mergeui_halted_organizations"] == 0
    desk.work()
    found = told(prometheus)
    assert found["mergeui_merge_calls[('state', 'merged')]"] == 1
    assert "mergeui_merge_overdue_seconds" not in found


def test_what_is_told_of_pages_names_nobody(prometheus: Client) -> None:
    desk = anas(2)
    client = somebody()
    before = told(prometheus)
    client.get("/groups/?q=ana@example.com")
    client.get(f"/contacts/{desk.group().primary_contact_id}/")
    client.get("/nowhere/ana@example.com/")
    prometheus.generic("BREW", "/groups/")
    found = told(prometheus)
    name = "mergeui_http_requests_total"
    labels = [("address", "queue"), ("method", "GET"), ("status", "200")]
    assert found[f"{name}{labels}"] == before.get(f"{name}{labels}", 0) + 1
    assert f"{name}{[('address', 'none'), ('method', 'GET'), ('status', '404')]}" in found
    assert f"{name}{[('address', 'queue'), ('method', 'other'), ('status', '405')]}" in found
    assert not re.search(r"ana|contact_0|example", " ".join(found).replace("organizations", ""))


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Basic x", f"Bearer {TOKEN} "])
def test_nobody_else_reads_it(prometheus: Client, given: str) -> None:
    headers = {"Authorization": given} if given else {}
    assert prometheus.get("/metrics", headers=headers).status_code == 404
    assert somebody(Role.ADMIN).get("/metrics").status_code == 404


def test_without_a_token_there_are_none(client: Client) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_ready_says_how_worker_and_sync_are(client: Client) -> None:
    assert client.get("/healthz/ready").json() == {
        "status": "degraded", "database": "ok", "history": "ok", "worker": "never heard of",
        "sync": "never done",
    }  # fmt: skip
    anas(2)
    Pulse().beat()
    assert client.get("/healthz/ready").json()["status"] == "ok"
    long_ago = timezone.now() - timedelta(hours=1)
    Heartbeat.objects.update(seen_at=long_ago)
    SyncRun.objects.update(finished_at=long_ago)
    found = client.get("/healthz/ready")
    assert (found.status_code, found.json()["worker"]) == (200, "3600 s ago")
    assert found.json()["sync"] == "3600 s ago"


def test_several_processes_are_one_sum(tmp_path: Path) -> None:
    code = "from mergeui.web.metrics import REQUESTS; REQUESTS.labels('queue', 'GET', '200').inc()"
    env = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "mergeui.settings"
    }  # fmt: skip
    setup = "import django; django.setup(); "
    for _ in range(2):
        subprocess.run([sys.executable, "-c", setup + code], env=env, check=True)
    read = (
        "from prometheus_client import CollectorRegistry, generate_latest\n"
        "from prometheus_client.multiprocess import MultiProcessCollector\n"
        "r = CollectorRegistry(); MultiProcessCollector(r); print(generate_latest(r).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", read], env=env, check=True, capture_output=True, text=True
    )
    assert 'mergeui_http_requests_total{address="queue",method="GET",status="200"} 2.0' in (
        done.stdout
    )
