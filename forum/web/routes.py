"""The map of the site, top to bottom, one line an address, with the permission each asks for."""

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.routing import BaseRoute, Route

from forum.web import (
    accounts,
    comments,
    communities,
    drafts,
    follows,
    home,
    ideas,
    lists,
    me,
    moderation,
    notifications,
    people,
    posting,
    progress,
    rankings,
    reports,
    search,
    site,
    users,
    votes,
    waves,
)
from forum.web.endpoint import Endpoint, Handler, Prepare, Rules


class _Id(IntegerConvertor):
    """A number that can be an id in a database; longer ones lead nowhere."""

    regex = "[0-9]{1,18}"


register_url_convertor("int", _Id())


def get(
    path: str, handler: Handler, asks: str = "site.read", *, is_slow: bool = False, is_cacheable: bool = True
) -> BaseRoute:
    """An address that shows something and changes nothing."""
    rules = Rules(asks, is_slow=is_slow, is_cacheable=is_cacheable)
    return Route(path, Endpoint(handler, rules), methods=["GET"])


def post(
    path: str, handler: Handler, asks: str, *, prepare: Prepare | None = None, takes_any_origin: bool = False
) -> BaseRoute:
    """An address that changes something. `prepare` runs before the unit of work, for what takes processor time.

    `takes_any_origin`: the address itself holds the secret that allows the act, so it does not matter who sends it.
    """
    rules = Rules(asks, prepare=prepare, takes_any_origin=takes_any_origin)
    return Route(path, Endpoint(handler, rules), methods=["POST"])


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
    post("/ideas/{idea_id:int}/comments", comments.create, "comment.post", prepare=comments.prepare),
    post("/comments/{comment_id:int}/agree", comments.agree, "comment.agree"),
    get("/comments/{comment_id:int}", comments.show, "comment.read"),
    get("/comments/{comment_id:int}/reply", comments.reply, "comment.post"),
    get("/comments/{comment_id:int}/edit", comments.edit, "comment.edit"),
    post("/comments/{comment_id:int}/edit", comments.update, "comment.edit", prepare=comments.prepare_edit),
    get("/comments/{comment_id:int}/withdraw", comments.ask_withdraw, "comment.withdraw"),
    post("/comments/{comment_id:int}/withdraw", comments.withdraw, "comment.withdraw"),
    get("/comments/{comment_id:int}/history", comments.history, "comment.read_text"),
    post("/follows", follows.change, "idea.follow"),
    post("/drafts", drafts.keep, "account.use"),
    post("/drafts/{draft_id:int}/delete", drafts.delete, "account.use"),
    get("/rankings", rankings.index),
    get("/rankings.csv", rankings.index_csv, is_slow=True),
    get("/rankings.json", rankings.index_json, is_slow=True),
    get("/rankings/{method}", rankings.show),
    get("/healthz", site.health, is_cacheable=False),
    get("/search", search.index, is_slow=True),
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
    get("/sign-in", accounts.sign_in_form),
    post("/sign-in", accounts.sign_in, "site.read", prepare=accounts.prepare_sign_in),
    post("/sign-in/link", accounts.mail_link, "site.read"),
    get("/sign-in/again", accounts.again_form, "account.use"),
    post("/sign-in/again", accounts.again, "account.use", prepare=accounts.prepare_again),
    post("/sign-out", accounts.sign_out, "site.read"),
    get("/sign-up", accounts.sign_up_form, "account.create"),
    post("/sign-up", accounts.sign_up, "account.create", prepare=accounts.prepare_sign_up),
    get("/reset", accounts.reset_form),
    post("/reset", accounts.reset, "site.read"),
    get("/confirm/{token}", accounts.confirm_form, is_cacheable=False),
    post("/confirm/{token}", accounts.confirm, "site.read", prepare=accounts.prepare_confirm),
    get("/me", me.index, "account.use"),
    get("/me/ideas", me.ideas_index, "account.use"),
    get("/me/votes", me.votes_index, "account.use"),
    get("/me/comments", me.comments_index, "account.use"),
    get("/me/follows", follows.index, "account.use"),
    get("/notifications", notifications.index, "account.use"),
    post("/notifications/{notification_id:int}/open", notifications.open_one, "account.use"),
    post("/notifications/read", notifications.read, "account.use"),
    post("/notifications/mail", notifications.set_mail, "account.use"),
    get("/unsubscribe/{token}", notifications.ask_unsubscribe, is_cacheable=False),
    post("/unsubscribe/{token}", notifications.unsubscribe, "site.read", takes_any_origin=True),
    post("/me/sessions/end", me.end_session, "account.use"),
    get("/me/settings", me.settings_form, "account.use"),
    post("/me/settings", me.change_settings, "account.edit"),
    get("/me/address", me.address_form, "account.use"),
    post("/me/address", me.ask_address, "account.use"),
    get("/me/password", me.password_form, "account.use"),
    post("/me/password", me.change_password, "account.use", prepare=me.prepare_password),
    post("/me/confirm", me.confirm_address, "account.use"),
    get("/me/data", me.data, "account.use"),
    get("/me/data/download", me.download, "account.use", is_slow=True),
    get("/me/delete", me.delete_form, "account.use"),
    post("/me/delete", me.delete, "account.use"),
    get("/people/{handle}", people.show),
    get("/people/{handle}/comments", people.comments),
    get("/users", users.index, "user.mark", is_slow=True),
    get("/users/{user_id:int}", users.show, "user.mark"),
    post("/users/{user_id:int}", users.change, "user.mark"),
    get("/ideas/{idea_id:int}/report", reports.new_for_idea, "idea.report"),
    post("/ideas/{idea_id:int}/report", reports.create_for_idea, "idea.report"),
    get("/comments/{comment_id:int}/report", reports.new_for_comment, "comment.report"),
    post("/comments/{comment_id:int}/report", reports.create_for_comment, "comment.report"),
    get("/rules", reports.rules),
    get("/moderation", moderation.index, "case.list"),
    post("/moderation", moderation.decide_many, "case.decide"),
    post("/moderation/next", moderation.take_next, "case.list"),
    get("/moderation/{case_id:int}", moderation.show, "case.read"),
    post("/moderation/{case_id:int}", moderation.decide, "case.decide"),
    post("/moderation/{case_id:int}/take", moderation.take, "case.decide"),
    get("/moderation/waves", waves.index, "case.list"),
    get("/moderation/waves/{wave_id:int}", waves.show, "wave.read"),
    post("/moderation/waves/{wave_id:int}", waves.decide, "wave.decide"),
    post("/moderation/waves/{wave_id:int}/undo", waves.undo, "wave.decide"),
    get("/decisions/{decision_id:int}", moderation.statement, "account.use"),
]
