"""Files that take a while: the policy team asks for one, sees how far it is, and downloads it when it is whole."""

from typing import Any

from forum.domain import formulas, rankings
from forum.domain.errors import Invalid
from forum.domain.exports import KINDS, Origin, orders
from forum.domain.exports.orders import Order
from forum.domain.permissions import require
from forum.domain.rankings import Selection
from forum.web.forms import Form
from forum.web.rankings import address, read
from forum.web.render import Answer, Data, Page, Redirect
from forum.web.visits import Visit

DEFAULT = "25"
STAGES = {
    "waiting": "Waiting",
    "working": "Being made",
    "done": "Ready",
    "failed": "Something went wrong",
}


def index(visit: Visit) -> Answer:
    """GET /files: the files that one asked for."""
    return Page("files/index.html", {"orders": [_shown(order) for order in orders.mine(visit.db, visit.user)]})


def new(visit: Visit) -> Answer:
    """GET /files/new with the choice of a ranking: which kind of file, and how many ideas."""
    require(visit.user, "ranking.export")
    form: Form[Any] = Form({"format": "pdf", "limit": visit.query.get("limit") or DEFAULT})
    return _form(visit, read(visit), form)


def create(visit: Visit) -> Answer:
    """POST /files with `format`, `limit` and the choice of the ranking in the address."""
    require(visit.user, "ranking.export")
    selection = read(visit)
    form: Form[Any] = Form({"format": visit.form.get("format"), "limit": visit.form.get("limit")})
    origin = Origin(visit.settings.site_name, visit.settings.base_url)
    try:
        most = _most(visit.form.get("limit"))
        order_id = orders.ask(visit.db, visit.user, origin, selection, visit.form.get("format"), most)
    except Invalid as error:
        return _form(visit, selection, form.refuse(error.errors), status=422)
    return Redirect(f"/files/{order_id}")


def _most(given: str) -> int:
    given = given.strip()
    if not (given.isascii() and given.isdigit() and len(given) < 9 and int(given) > 0):
        raise Invalid({"limit": "Please give the number of ideas."})
    return int(given)


def _form(visit: Visit, selection: Selection, form: Form[Any], *, status: int = 200) -> Answer:
    context = {
        "form": form,
        "formula": formulas.get(selection.method),
        "words": rankings.in_words(visit.db, selection),
        "kinds": [(kind.name, kind.label, f"{kind.about} Up to {kind.most:,} ideas.") for kind in KINDS.values()],
        "action": address("/files", selection),
        "back": address("/rankings", selection),
    }
    return Page("files/new.html", context, blocks=("form",), status=status)


def show(visit: Visit, order_id: int) -> Answer:
    """GET /files/{id}: how far it is; the part `progress` asks again by itself while the file is being made."""
    order = orders.get(visit.db, visit.user, order_id)
    return Page("files/show.html", {"order": _shown(order)}, blocks=("progress",), is_cacheable=False)


def download(visit: Visit, order_id: int) -> Answer:
    """GET /files/{id}/download: the whole file."""
    order = orders.get(visit.db, visit.user, order_id)
    content = orders.content(visit.db, visit.user, order_id)
    disposition = f'attachment; filename="{order.name}"'.encode("ascii")
    headers = ((b"content-disposition", disposition),)
    return Data(content, KINDS[order.format].media_type, headers=headers, is_cacheable=False)


def _shown(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "name": order.name,
        "label": KINDS[order.format].label,
        "stage": order.stage,
        "stage_label": STAGES[order.stage],
        "is_open": order.is_open,
        "done_count": min(order.done_count, order.total),
        "total": order.total,
        "asked_at": order.asked_at,
        "url": f"/files/{order.id}",
        "download_url": f"/files/{order.id}/download" if order.stage == "done" else "",
    }
