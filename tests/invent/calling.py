"""A merge call from its preparation to its answer."""

from mergeui.invent import InventClient, MergeAnswer


def merge(client: InventClient, primary_id: str, source_ids: tuple[str, ...]) -> MergeAnswer:
    """Prepares and sends at once, which the desk never does: it writes the call down in between."""
    return client.send_merge(client.prepare_merge(primary_id, source_ids))
