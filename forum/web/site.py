"""Addresses about the site itself: is it well, what may robots read."""

from forum.web.render import Answer, json_data
from forum.web.visits import Visit


def health(visit: Visit) -> Answer:
    """GET /healthz: 200 while the database answers."""
    visit.db.exec_driver_sql("SELECT 1")
    return json_data({"status": "ok"})
