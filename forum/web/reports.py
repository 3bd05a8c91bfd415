"""Reporting: a form for what is wrong with an idea or a comment, also on directives, and the page of the rules."""

from typing import Any

from forum.domain import limits, reasons, reports, subjects, trust
from forum.domain.errors import Conflict
from forum.domain.permissions import require
from forum.domain.reports import ReportFields
from forum.web import forms
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

ACTS = {
    "vote": "votes an hour",
    "idea": "ideas a day",
    "comment": "comments an hour",
    "agree": "agreements an hour",
    "report": "reports an hour",
    "edit": "edits an hour",
}
"""Limits that the page of the rules names: act → label."""


def new_for_idea(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/report"""
    return _new(visit, "idea", idea_id)


def new_for_comment(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}/report"""
    return _new(visit, "comment", comment_id)


def create_for_idea(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/report with `reason` and `note`."""
    return _create(visit, "idea", idea_id)


def create_for_comment(visit: Visit, comment_id: int) -> Answer:
    """POST /comments/{id}/report with `reason` and `note`."""
    return _create(visit, "comment", comment_id)


def new_for_remark(visit: Visit, remark_id: int) -> Answer:
    """GET /remarks/{id}/report"""
    return _new(visit, "remark", remark_id)


def create_for_remark(visit: Visit, remark_id: int) -> Answer:
    """POST /remarks/{id}/report with `reason` and `note`."""
    return _create(visit, "remark", remark_id)


def _new(visit: Visit, kind: str, subject_id: int) -> Answer:
    subject = subjects.get(visit.db, visit.user, kind, subject_id)
    require(visit.user, f"{kind}.report", subject)
    if reports.has_reported(visit.db, visit.user, kind, subject_id):
        raise Conflict("You have reported this already. A moderator will look at it, and we will tell you.")
    return _page(subject, Form[ReportFields]())


def _create(visit: Visit, kind: str, subject_id: int) -> Answer:
    subject = subjects.get(visit.db, visit.user, kind, subject_id)
    require(visit.user, f"{kind}.report", subject)
    form = forms.read(ReportFields, visit.form)
    if form.data is None:
        return _page(subject, form, status=422)
    reports.file(visit.db, visit.user, kind, subject_id, form.data)
    visit.say("Thank you. A moderator will look at it within a working day, and we will tell you.")
    return Redirect(subject.path)


def _page(subject: subjects.Subject, form: Form[Any], status: int = 200) -> Answer:
    context = {"subject": subject, "form": form, "reasons": reasons.options()}
    return Page("reports/new.html", context, status=status)


def rules(visit: Visit) -> Answer:
    """GET /rules: what may be removed, who decides, and what a new account may do."""
    rows = [{"label": label, "most": limits.PERSONAL[act][0]} for act, label in ACTS.items()]
    rows.append({"label": "links in a post before it waits", "most": [level.most_links for level in trust.LEVELS]})
    return Page("reports/rules.html", {"reasons": reasons.REASONS, "limits": rows, "levels": trust.LEVELS})
