"""The map of the site, top to bottom, one line an address, with the permission each asks for."""

from starlette.routing import BaseRoute, Route

from forum.web import ideas, lists, site, votes
from forum.web.endpoint import Endpoint, Handler, Prepare, Rules


def get(
    path: str, handler: Handler, asks: str = "site.read", *, is_slow: bool = False, is_cacheable: bool = True
) -> BaseRoute:
    """An address that shows something and changes nothing."""
    rules = Rules(asks, is_slow=is_slow, is_cacheable=is_cacheable)
    return Route(path, Endpoint(handler, rules), methods=["GET"])


def post(path: str, handler: Handler, asks: str, *, prepare: Prepare | None = None) -> BaseRoute:
    """An address that changes something. `prepare` runs before the unit of work, for what takes processor time."""
    return Route(path, Endpoint(handler, Rules(asks, prepare=prepare)), methods=["POST"])


ROUTES: list[BaseRoute] = [
    post("/ideas/{idea_id:int}/vote", votes.cast, "idea.vote"),
    get("/ideas", lists.index),
    get("/ideas/{idea_id:int}-{slug}", ideas.show, "idea.read"),
    get("/ideas/{idea_id:int}", ideas.show, "idea.read"),
    get("/ideas.json", lists.index_json),
    get("/ideas.csv", lists.index_csv, is_slow=True),
    get("/ideas.atom", lists.index_atom),
    get("/healthz", site.health, is_cacheable=False),
]
