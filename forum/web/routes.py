"""The map of the site, top to bottom, one line an address, with the permission each asks for."""

from typing import TYPE_CHECKING

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.routing import BaseRoute, Route

from forum.later import module
from forum.web import (
    accounts,
    comments,
    communities,
    follows,
    home,
    ideas,
    lists,
    me,
    notifications,
    people,
    posting,
    search,
    site,
    votes,
)
from forum.web.endpoint import Endpoint, Handler, Prepare, Rules

# Pages that many a site is never asked for, and only by some: each is loaded when it first is.
if TYPE_CHECKING:
    from forum.web import (
        appeals,
        asides,
        bulks,
        decisions,
        desk,
        directives,
        directives_dispositions,
        directives_files,
        directives_texts,
        directives_workspace,
        drafts,
        files,
        laboratory,
        log,
        merges,
        moderation,
        progress,
        rankings,
        reports,
        snapshots,
        splits,
        themes,
        transparency,
        users,
        waves,
    )
else:
    appeals = module("forum.web.appeals")
    asides = module("forum.web.asides")
    bulks = module("forum.web.bulks")
    decisions = module("forum.web.decisions")
    desk = module("forum.web.desk")
    directives = module("forum.web.directives")
    directives_dispositions = module("forum.web.directives_dispositions")
    directives_files = module("forum.web.directives_files")
    directives_texts = module("forum.web.directives_texts")
    directives_workspace = module("forum.web.directives_workspace")
    drafts = module("forum.web.drafts")
    files = module("forum.web.files")
    laboratory = module("forum.web.laboratory")
    log = module("forum.web.log")
    merges = module("forum.web.merges")
    moderation = module("forum.web.moderation")
    progress = module("forum.web.progress")
    rankings = module("forum.web.rankings")
    reports = module("forum.web.reports")
    snapshots = module("forum.web.snapshots")
    splits = module("forum.web.splits")
    themes = module("forum.web.themes")
    transparency = module("forum.web.transparency")
    users = module("forum.web.users")
    waves = module("forum.web.waves")


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
    get("/ideas/{idea_id:int}/merge", merges.new, "idea.merge", is_slow=True),
    post("/ideas/{idea_id:int}/merge", merges.create, "idea.merge"),
    get("/merges/{merge_id:int}", merges.show, "idea.read_text", is_slow=True),
    post("/merges/{merge_id:int}/answer", merges.answer, "merge.answer"),
    post("/merges/{merge_id:int}/decide", merges.decide, "merge.decide"),
    post("/merges/{merge_id:int}/keep", merges.keep, "merge.keep_out"),
    post("/merges/{merge_id:int}/undo", merges.undo, "merge.decide"),
    get("/ideas/{idea_id:int}/split", splits.new, "idea.split"),
    post("/ideas/{idea_id:int}/split", splits.create, "idea.split"),
    get("/splits/{split_id:int}", splits.show, "idea.read"),
    post("/splits/{split_id:int}/undo", splits.undo, "split.undo"),
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
    get("/desk", desk.index, "desk.read"),
    get("/rankings", rankings.index, is_slow=True),
    get("/rankings.csv", rankings.index_csv, is_slow=True),
    get("/rankings.json", rankings.index_json, is_slow=True),
    get("/directives", directives.index),
    get("/directives.atom", directives.index_atom),
    get("/directives/new", directives.new, "directive.write"),
    post("/directives", directives.create, "directive.write"),
    post("/directives/grade/{field}", directives_texts.grade, "directive.write"),
    get("/directives/{directive_id:int}-{slug}", directives.show, "directive.read"),
    get("/directives/{directive_id:int}", directives.show, "directive.read"),
    get(
        "/directives/{directive_id:int}.{kind}",
        directives_files.download,
        "directive.read",
        is_slow=True,
        is_cacheable=False,
    ),
    get("/directives/{directive_id:int}/editions/{number:int}.json", directives.edition_json, "directive.read"),
    get("/directives/{directive_id:int}/editions/{number:int}", directives.show_edition, "directive.read"),
    post("/directives/{directive_id:int}/recommendations/{clause_id:int}/agree", directives.agree, "directive.agree"),
    post(
        "/directives/{directive_id:int}/recommendations/{clause_id:int}/comments",
        directives.comment,
        "directive.comment",
        prepare=directives.prepare_comment,
    ),
    get("/remarks/{remark_id:int}", directives.place, "remark.read"),
    post("/remarks/{remark_id:int}/withdraw", directives.withdraw, "remark.withdraw"),
    post("/remarks/{remark_id:int}/answer", directives.answer, "directive.write"),
    get("/remarks/{remark_id:int}/report", reports.new_for_remark, "remark.report"),
    post("/remarks/{remark_id:int}/report", reports.create_for_remark, "remark.report"),
    get("/remarks/{remark_id:int}/decision", decisions.new_for_remark, "decision.make"),
    post("/remarks/{remark_id:int}/decision", decisions.create_for_remark, "decision.make"),
    get("/directives/{directive_id:int}/edit", directives_workspace.edit, "directive.write"),
    post("/directives/{directive_id:int}/parts", directives_workspace.add_part, "directive.write"),
    post("/directives/{directive_id:int}/recommendations", directives_workspace.add_recommendation, "directive.write"),
    post("/directives/{directive_id:int}/order", directives_workspace.order, "directive.write"),
    post("/directives/{directive_id:int}/delete", directives_workspace.delete, "directive.write"),
    post("/directives/{directive_id:int}/bring-back", directives_workspace.bring_back, "directive.write"),
    post("/directives/{directive_id:int}/stage", directives_workspace.set_stage, "directive.write"),
    get("/directives/{directive_id:int}/versions", directives_workspace.versions, "directive.write", is_slow=True),
    post("/directives/{directive_id:int}/versions", directives_workspace.restore, "directive.write"),
    get("/directives/{directive_id:int}/texts/{kind}/{object_id:int}", directives_texts.edit, "directive.write"),
    post("/directives/{directive_id:int}/texts/{kind}/{object_id:int}", directives_texts.save, "directive.write"),
    post(
        "/directives/{directive_id:int}/texts/recommendation/{clause_id:int}/citations",
        directives_texts.cite,
        "directive.write",
    ),
    get("/directives/{directive_id:int}/dispositions", directives_dispositions.index, "directive.read", is_slow=True),
    post("/directives/{directive_id:int}/dispositions", directives_dispositions.save, "directive.write"),
    post("/directives/{directive_id:int}/dispositions/publish", directives_dispositions.publish, "directive.write"),
    post("/directives/{directive_id:int}/snapshot", directives_dispositions.choose, "directive.write"),
    get("/rankings/laboratory", laboratory.index, is_slow=True),
    get("/rankings/laboratory.csv", laboratory.index_csv, is_slow=True),
    get("/rankings/{method}", rankings.show, is_slow=True),
    get("/themes", themes.index, is_slow=True),
    get("/themes.csv", themes.index_csv, is_slow=True),
    get("/themes.json", themes.index_json, is_slow=True),
    get("/themes/{theme_id:int}.csv", themes.show_csv, is_slow=True),
    get("/themes/{theme_id:int}.json", themes.show_json, is_slow=True),
    get("/themes/{theme_id:int}-{slug}", themes.show, is_slow=True),
    get("/themes/{theme_id:int}", themes.show, is_slow=True),
    get("/files", files.index, "ranking.export"),
    get("/files/new", files.new, "ranking.export"),
    post("/files", files.create, "ranking.export"),
    get("/files/{order_id:int}", files.show, "ranking.export", is_cacheable=False),
    get("/files/{order_id:int}/download", files.download, "ranking.export", is_slow=True, is_cacheable=False),
    get("/snapshots", snapshots.index),
    get("/snapshots/new", snapshots.new, "snapshot.create", is_slow=True),
    post("/snapshots", snapshots.create, "snapshot.create"),
    get("/snapshots/{number:int}", snapshots.show, is_slow=True),
    get("/snapshots/{number:int}/check", snapshots.check, is_slow=True, is_cacheable=False),
    get("/snapshots/{number:int}.{name}", snapshots.download, is_slow=True, is_cacheable=False),
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
    post("/users/{user_id:int}/trust", users.give_level, "user.mark"),
    get("/ideas/{idea_id:int}/report", reports.new_for_idea, "idea.report"),
    post("/ideas/{idea_id:int}/report", reports.create_for_idea, "idea.report"),
    get("/comments/{comment_id:int}/report", reports.new_for_comment, "comment.report"),
    post("/comments/{comment_id:int}/report", reports.create_for_comment, "comment.report"),
    get("/rules", reports.rules),
    get("/moderation", moderation.index, "case.list"),
    post("/moderation", bulks.decide, "case.decide"),
    post("/moderation/preview", bulks.preview, "case.decide"),
    post("/moderation/next", moderation.take_next, "case.list"),
    get("/moderation/votes", asides.new, "case.list"),
    post("/moderation/votes/preview", asides.preview, "decision.make"),
    post("/moderation/votes", asides.create, "decision.make"),
    get("/moderation/{case_id:int}", moderation.show, "case.read"),
    post("/moderation/{case_id:int}", moderation.decide, "case.decide"),
    post("/moderation/{case_id:int}/take", moderation.take, "case.decide"),
    get("/log", log.index, is_slow=True),
    get("/log.atom", log.index_atom, is_slow=True),
    get("/log.csv", log.index_csv, is_slow=True),
    get("/log/{decision_id:int}", log.show),
    get("/transparency", transparency.index, is_slow=True),
    get("/transparency.csv", transparency.index_csv, is_slow=True),
    get("/transparency/{month}.csv", transparency.show_csv, is_slow=True),
    get("/transparency/{month}", transparency.show, is_slow=True),
    get("/moderation/people/{handle}", decisions.person, "user.history", is_slow=True),
    post("/moderation/people/{handle}", decisions.act_on_person, "user.suspend"),
    post("/moderation/notes", decisions.write_note, "note.write"),
    get("/decisions/{decision_id:int}", decisions.statement, "decision.read"),
    get("/decisions/{decision_id:int}/undo", decisions.ask_undo, "decision.undo"),
    post("/decisions/{decision_id:int}/undo", decisions.undo, "decision.undo"),
    get("/decisions/{decision_id:int}/appeal", appeals.new, "decision.appeal"),
    post("/decisions/{decision_id:int}/appeal", appeals.create, "decision.appeal"),
    post("/appeals/{appeal_id:int}", appeals.decide, "appeal.decide"),
    get("/acts/{act_id}", decisions.act, "case.list"),
    post("/acts/{act_id}/undo", decisions.undo_act, "decision.undo"),
    get("/ideas/{idea_id:int}/decision", decisions.new_for_idea, "decision.make"),
    post("/ideas/{idea_id:int}/decision", decisions.create_for_idea, "decision.make"),
    get("/comments/{comment_id:int}/decision", decisions.new_for_comment, "decision.make"),
    post("/comments/{comment_id:int}/decision", decisions.create_for_comment, "decision.make"),
    get("/moderation/waves", waves.index, "case.list"),
    get("/moderation/waves/{wave_id:int}", waves.show, "wave.read"),
    post("/moderation/waves/{wave_id:int}", waves.decide, "wave.decide"),
    post("/moderation/waves/{wave_id:int}/undo", waves.undo, "wave.decide"),
    post("/moderation/waves/{wave_id:int}/redo", waves.redo, "wave.decide"),
]
