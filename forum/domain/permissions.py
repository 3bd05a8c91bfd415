"""Who may do what: one table, asked by every door. Each rule is made of small named predicates that say it in English.

A subject is whatever the act is about. Ideas and communities show the same names to the rules: community_id,
community_status, visibility, posting, phase; ideas and comments add author_id, state, is_locked. Comments on directives
have a community_id of None.
"""

from collections.abc import Callable
from typing import Any

from forum.domain.errors import Forbidden, SignInNeeded
from forum.domain.people import Person

Rule = Callable[[Person | None, Any], bool]


def everyone(_: Person | None, __: Any) -> bool:
    return True


def member(user: Person | None, _: Any) -> bool:
    """Somebody with an account in good standing."""
    return user is not None and user.status == "active"


def confirmed(user: Person | None, _: Any) -> bool:
    """A member whose address is confirmed."""
    return user is not None and user.status == "active" and user.is_confirmed


def administrator(user: Person | None, _: Any) -> bool:
    return user is not None and user.status == "active" and user.role == "administrator"


def moderator(user: Person | None, _: Any) -> bool:
    """A moderator of the whole forum."""
    return user is not None and user.status == "active" and user.role in ("moderator", "administrator")


def policy_team(user: Person | None, _: Any) -> bool:
    return user is not None and user.status == "active" and user.role in ("policy", "administrator")


def manages(user: Person | None, subject: Any) -> bool:
    """A manager of the subject's community, or a moderator of the whole forum. Directives have only the latter."""
    if user is None or user.status != "active":
        return False
    return moderator(user, subject) or (subject is not None and subject.community_id in user.managed)


def manages_any(user: Person | None, _: Any) -> bool:
    """Somebody with a queue: a moderator, or a manager of any community."""
    return user is not None and user.status == "active" and (moderator(user, None) or bool(user.managed))


def author(user: Person | None, subject: Any) -> bool:
    return user is not None and user.status == "active" and subject.author_id == user.id


def not_author(user: Person | None, subject: Any) -> bool:
    return user is not None and subject.author_id != user.id


def own(user: Person | None, subject: Any) -> bool:
    """About this person's own post or account; a suspended person counts too."""
    return user is not None and user.status in ("active", "suspended") and subject.author_id == user.id


def not_decider(user: Person | None, subject: Any) -> bool:
    """Whoever made a decision does not decide on the appeal against it."""
    details = getattr(subject, "details", None) or {}
    return user is not None and user.id not in details.get("decider_ids", ())


def handles(user: Person | None, case: Any) -> bool:
    """Cases about accounts are for moderators of the whole forum, all others for the managers of the community too."""
    return moderator(user, case) if getattr(case, "subject_kind", "") == "user" else manages(user, case)


def below(user: Person | None, subject: Any) -> bool:
    """Only administrators act on the accounts of moderators and administrators."""
    return administrator(user, None) or getattr(subject, "role", "citizen") not in ("moderator", "administrator")


def sees_community(user: Person | None, subject: Any) -> bool:
    """Public communities are for everyone's eyes; others for their members, for employees, and for their managers."""
    if subject.community_status in ("proposed", "declined"):
        return moderator(user, subject) or (user is not None and getattr(subject, "proposed_by_id", None) == user.id)
    if subject.visibility == "public":
        return True
    if user is None or user.status == "deleted":
        return False
    if manages(user, subject):
        return True
    if subject.visibility == "employees":
        return user.is_employee
    return subject.community_id in user.joined


def sees_state(user: Person | None, subject: Any) -> bool:
    """What is held is seen by its author and by those who manage the community; the rest by everyone."""
    return subject.state != "held" or manages(user, subject) or (user is not None and subject.author_id == user.id)


def sees_text(user: Person | None, subject: Any) -> bool:
    """The words of what was removed or withdrawn stay with its author and those who manage the community."""
    return subject.state not in ("removed", "withdrawn") or manages(user, subject) or author(user, subject)


def open_community(_: Person | None, subject: Any) -> bool:
    return bool(subject.community_status == "open")


def may_post_there(user: Person | None, subject: Any) -> bool:
    if user is None:
        return False
    if manages(user, subject) or subject.posting == "everyone":
        return True
    return user.is_employee if subject.posting == "employees" else subject.community_id in user.joined


def could_post_there(user: Person | None, subject: Any) -> bool:
    """May post there, once they are signed in and their address is confirmed."""
    return subject.posting == "everyone" if user is None else may_post_there(user, subject)


def published(_: Person | None, subject: Any) -> bool:
    """There is an edition of the directive before the public."""
    return bool(subject.is_published)


def takes_comments(_: Person | None, subject: Any) -> bool:
    """The directive is before the public, and the date until which people may comment has not passed."""
    return bool(subject.is_published and subject.takes_comments)


def in_phase(*phases: str) -> Rule:
    """The community is in one of these phases."""
    return lambda _, subject: subject.phase in phases


def in_state(*states: str) -> Rule:
    return lambda _, subject: subject.state in states


def not_locked(_: Person | None, subject: Any) -> bool:
    return not subject.is_locked


def all_of(*rules: Rule) -> Rule:
    def every(user: Person | None, subject: Any) -> bool:
        for rule in rules:  # noqa: SIM110 - a loop costs a third of all(): a page asks hundreds of rules
            if not rule(user, subject):
                return False
        return True

    return every


def any_of(*rules: Rule) -> Rule:
    return lambda user, subject: any(rule(user, subject) for rule in rules)


_reads = all_of(sees_community, sees_state)
_takes_part = all_of(confirmed, _reads, open_community)

RULES: dict[str, Rule] = {
    "site.read": everyone,
    "account.create": everyone,
    "account.use": lambda user, _: user is not None and user.status in ("active", "suspended"),
    "account.edit": member,
    "community.read": sees_community,
    "community.propose": confirmed,
    "community.open": administrator,
    "community.edit": manages,
    "community.archive": administrator,
    "community.join": all_of(confirmed, sees_community, open_community, lambda _, c: c.visibility != "employees"),
    "community.appoint": administrator,
    "idea.read": _reads,
    "idea.read_text": all_of(_reads, sees_text),
    "idea.post": all_of(confirmed, sees_community, open_community, may_post_there, in_phase("brainstorm")),
    "idea.draft": all_of(sees_community, open_community, could_post_there, in_phase("brainstorm")),
    "idea.vote": all_of(_takes_part, in_state("published", "off-topic"), not_locked, in_phase("brainstorm", "discuss")),
    "idea.edit": all_of(author, open_community, in_state("published", "off-topic", "held"), not_locked),
    "idea.withdraw": all_of(author, open_community, in_state("published", "off-topic", "held")),
    "idea.move": all_of(manages, not_author, in_state("published", "off-topic", "held")),
    "idea.set_status": all_of(manages, in_state("published", "off-topic")),
    "idea.merge": all_of(confirmed, _reads, open_community, in_state("published", "off-topic")),
    "idea.split": all_of(
        any_of(all_of(author, not_locked), manages), open_community, in_state("published", "off-topic")
    ),
    "merge.answer": all_of(author, in_state("published", "off-topic")),
    "merge.decide": all_of(manages, not_author),
    "merge.keep_out": all_of(confirmed, _reads),
    "split.undo": any_of(author, manages),
    "idea.follow": all_of(confirmed, _reads),
    "community.follow": all_of(confirmed, sees_community),
    "tag.follow": confirmed,
    "agency.follow": confirmed,
    "idea.report": all_of(confirmed, _reads, not_author, in_state("published", "off-topic")),
    "comment.post": all_of(
        _takes_part, in_state("published", "off-topic"), not_locked, in_phase("brainstorm", "discuss", "draft")
    ),
    "comment.read": _reads,
    "comment.read_text": all_of(_reads, sees_text),
    "comment.edit": all_of(author, open_community, in_state("published", "held")),
    "comment.withdraw": all_of(author, in_state("published", "held")),
    "comment.agree": all_of(_takes_part, in_state("published"), not_author),
    "comment.report": all_of(confirmed, _reads, not_author, in_state("published")),
    "comment.official": lambda user, _: user is not None and user.status == "active" and user.is_employee,
    "case.list": manages_any,
    "case.read": handles,
    "case.decide": all_of(handles, not_author, not_decider),
    "decision.make": all_of(manages, not_author),
    "decision.read": any_of(own, handles),
    "decision.undo": all_of(handles, not_author),
    "decision.appeal": own,
    "appeal.decide": all_of(handles, not_author, not_decider),
    "user.history": manages_any,
    "user.suspend": all_of(moderator, not_author, below),
    "note.write": manages_any,
    "wave.read": manages,
    "wave.decide": all_of(manages, not_author),
    "user.mark": administrator,
    "ranking.export": policy_team,
    "directive.read": any_of(policy_team, published),
    "directive.write": policy_team,
    "directive.comment": all_of(confirmed, takes_comments),
    "directive.agree": all_of(confirmed, takes_comments),
    "remark.read": sees_state,
    "remark.read_text": all_of(sees_state, sees_text),
    "remark.withdraw": all_of(author, in_state("published", "held")),
    "remark.report": all_of(confirmed, sees_state, not_author, in_state("published")),
    "snapshot.create": policy_team,
    "snapshot.read_sealed": policy_team,
    "desk.read": policy_team,
}
"""Action → rule. Nothing anywhere else decides who may do what."""


def can(user: Person | None, action: str, subject: Any = None) -> bool:
    """May this person do this to this subject? KeyError for an action that is not in the table."""
    return RULES[action](user, subject)


def require(user: Person | None, action: str, subject: Any = None) -> Person:
    """Go on only if the person may. SignInNeeded when nobody is signed in, Forbidden otherwise."""
    if not RULES[action](user, subject):
        if user is None:
            raise SignInNeeded(action, "Please sign in first.")
        raise Forbidden(action, refusal(user, action, subject))
    return user  # type: ignore[return-value]  # rules that pass nobody are asked with `can`


_NOT_ONES_OWN = ("case.decide", "decision.make", "decision.undo", "appeal.decide", "user.suspend", "idea.move")


def _about_oneself(user: Person, action: str, subject: Any) -> str:
    if action in _NOT_ONES_OWN and getattr(subject, "author_id", None) == user.id:
        return "This is your own, so somebody else decides on it."
    if action in ("case.decide", "appeal.decide") and not not_decider(user, subject):
        return "You made the decision, so somebody else decides on the appeal."
    if action == "user.suspend" and moderator(user, subject):
        return "Only an administrator may do this to a moderator or an administrator."
    return ""


def refusal(user: Person, action: str, subject: Any) -> str:
    """Why not, in a sentence that helps."""
    if user.status == "suspended":
        return "Your account is suspended. You can read, download your data, and appeal."
    if not user.is_confirmed:
        return "Please confirm your address first. We sent you a mail with a link."
    if why := _about_oneself(user, action, subject):
        return why
    status = getattr(subject, "community_status", "open")
    if status == "archived":
        return "This community is archived. You can read everything, but nothing changes any more."
    if action in ("directive.comment", "directive.agree"):
        return "The time to comment on this directive is over."
    phase = getattr(subject, "phase", None)
    if action == "idea.post" and phase not in (None, "brainstorm"):
        return "This community does not take new ideas in its present phase."
    if action in ("idea.vote", "comment.post") and phase in ("draft", "closed"):
        return "Voting has ended here." if action == "idea.vote" else "The discussion has ended here."
    if getattr(subject, "is_locked", False):
        return "This idea is locked. You can read it, but nothing can be added."
    if action == "idea.post":
        return "Only some people may post here. Join the community, or ask its managers."
    return "You may not do this."
