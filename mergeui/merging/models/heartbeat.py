"""Which workers are alive."""

from django.db import models


class Heartbeat(models.Model):
    """A worker that runs, or ran until `seen_at`; `name` is its host and process."""

    name = models.CharField(max_length=200, primary_key=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
