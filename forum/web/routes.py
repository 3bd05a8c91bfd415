"""The map of the site, top to bottom, one line an address, with the permission each asks for."""

from starlette.routing import BaseRoute, Route

from forum.web import communities, drafts, home, ideas, lists, posting, progress, site, votes
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
    get("/", home.index),
    get("/ideas/{idea_id:int}-{slug}", ideas.show, "idea.read"),
    get("/ideas/{idea_id:int}", ideas.show, "idea.read"),
    get("/ideas.json", lists.index_json),
    get("/ideas.csv", lists.index_csv, is_slow=True),
    get("/ideas.atom", lists.index_atom),
    get("/ideas/new", posting.new, "idea.draft"),
    post("/ideas", posting.create, "idea.post", prepare=posting.prepare),
    post("/ideas/preview", posting.preview, "idea.draft", prepare=posting.prepare_look),
    get("/ideas/similar", posting.find_similar, "idea.draft", is_slow=True, is_cacheable=False),
    post("/ideas/similar", posting.look, "idea.draft", prepare=posting.prepare_look),
    get("/ideas/{idea_id:int}/similar", ideas.show_similar, "idea.read_text", is_slow=True),
    get("/ideas/{idea_id:int}/history", ideas.history, "idea.read_text", is_slow=True),
    get("/ideas/{idea_id:int}/qr.svg", ideas.qr, "idea.read"),
    get("/ideas/{idea_id:int}/edit", posting.edit, "idea.edit"),
    post("/ideas/{idea_id:int}/edit", posting.update, "idea.edit", prepare=posting.prepare_edit),
    get("/ideas/{idea_id:int}/withdraw", progress.ask_withdraw, "idea.withdraw"),
    post("/ideas/{idea_id:int}/withdraw", progress.withdraw, "idea.withdraw"),
    get("/ideas/{idea_id:int}/move", progress.ask_move, "idea.move"),
    post("/ideas/{idea_id:int}/move", progress.move, "idea.move"),
    get("/ideas/{idea_id:int}/status", progress.ask_status, "idea.set_status"),
    post("/ideas/{idea_id:int}/status", progress.set_status, "idea.set_status"),
    post("/drafts", drafts.keep, "account.use"),
    post("/drafts/{draft_id:int}/delete", drafts.delete, "account.use"),
    get("/healthz", site.health, is_cacheable=False),
    get("/communities", communities.index),
    get("/communities/new", communities.new, "community.propose"),
    get("/communities/proposed", communities.proposed, "community.open"),
    post("/communities", communities.create, "community.propose"),
    get("/c/{slug}", communities.show, "community.read"),
    get("/c/{slug}/guidelines", communities.guidelines, "community.read"),
    post("/c/{slug}/join", communities.join, "community.join"),
    get("/c/{slug}/edit", communities.edit, "community.edit"),
    post("/c/{slug}/edit", communities.update, "community.edit"),
    post("/c/{slug}/managers", communities.appoint, "community.appoint"),
    post("/c/{slug}/decide", communities.decide, "community.open"),
    post("/c/{slug}/archive", communities.archive, "community.archive"),
    get("/agencies/{slug}", communities.agency),
]
