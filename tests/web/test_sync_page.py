"""The Refresh button and its live line."""

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.review.models import SyncRun
from tests.web.cast import HTMX, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


def test_it_asks_the_worker() -> None:
    answer = somebody().post("/sync/")

    assert (answer.status_code, answer.url) == (303, "/groups/")
    assert SyncRun.objects.get().state == SyncRun.State.WANTED


def test_asking_twice_is_asking_once() -> None:
    client = somebody()
    client.post("/sync/")
    client.post("/sync/")

    assert SyncRun.objects.count() == 1


def test_the_line_lives_until_it_is_over() -> None:
    client = somebody()
    answer = client.post("/sync/", headers=HTMX)
    run = SyncRun.objects.get()
    assert f'hx-get="/sync/{run.pk}/"' in text_of(answer)
    assert "every 1s" in text_of(answer)

    SyncRun.objects.update(state=SyncRun.State.DONE, finished_at=timezone.now(), new=2)
    over = client.get(f"/sync/{run.pk}/", headers=HTMX)
    assert "2 new" in text_of(over)
    assert "hx-get" not in text_of(over)
    assert "queue-changed" in over["HX-Trigger"]


def test_without_scripts_its_address_is_the_queue() -> None:
    client = somebody()
    client.post("/sync/")

    assert client.get(f"/sync/{SyncRun.objects.get().pk}/").url == "/groups/"


def test_get_is_refused() -> None:
    answer = somebody().get("/sync/")

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert 'href="/groups/"' in text_of(answer)


def test_anonymous_people_sign_in_first() -> None:
    answer = Client().post("/sync/")

    assert (answer.status_code, answer.url) == (303, "/login/?next=/groups/")
    assert not SyncRun.objects.exists()


def test_viewers_may_not() -> None:
    answer = somebody(Role.VIEWER).post("/sync/")

    assert answer.status_code == 403
    assert "takes the role operator" in text_of(answer)
    assert not SyncRun.objects.exists()


def test_another_teams_line_is_not_there() -> None:
    somebody().post("/sync/")

    assert stranger().get(f"/sync/{SyncRun.objects.get().pk}/").status_code == 404
