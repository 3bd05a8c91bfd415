"""Directives as files: Word, PDF, Excel, Markdown."""

from forum.domain.directives import papers, views
from forum.domain.errors import NotFound
from forum.domain.exports import KINDS, Origin
from forum.web.render import Answer, Data
from forum.web.visits import Visit


def download(visit: Visit, directive_id: int, kind: str) -> Answer:
    """GET /directives/{id}.{kind}"""
    directive = views.get(visit.db, visit.user, directive_id)
    if kind not in papers.FORMATS:
        raise NotFound("There is no such file of this directive.")
    origin = Origin(visit.settings.site_name, visit.settings.base_url)
    content = papers.make(visit.db, visit.user, directive_id, kind, origin)
    disposition = f'attachment; filename="directive-{directive.number or directive.id}.{kind}"'.encode("ascii")
    headers = ((b"content-disposition", disposition),)
    return Data(content, KINDS[kind].media_type, headers=headers, is_cacheable=False)
