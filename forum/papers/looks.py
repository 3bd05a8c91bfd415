"""How Word documents look: styles, page, language, page numbers."""

from datetime import UTC
from typing import Any

from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu, Pt, RGBColor

from forum.papers.blocks import Paper

_INK, _SOFT, _ACCENT = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0x50, 0x50, 0x50), RGBColor(0x0B, 0x4A, 0x8F)


def element(tag: str, **attributes: str) -> Any:
    """An element of WordprocessingML with attributes of its namespace."""
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def set_up(document: Any, paper: Paper) -> None:
    """Styles, page, language, title: what holds for the whole document."""
    made_at = paper.made_at.astimezone(UTC).replace(tzinfo=None)
    about = document.core_properties
    about.title, about.author, about.language = paper.title, paper.author, paper.language
    about.comments, about.last_modified_by, about.revision = "", paper.author, 1
    about.created = about.modified = made_at
    section = document.sections[0]
    section.page_width, section.page_height = Emu(7772400), Emu(10058400)  # US letter
    if paper.is_wide:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Pt(64))
    _page_numbers(section.footer.paragraphs[0], paper.title)
    _make_styles(document, paper.language)


def _page_numbers(paragraph: Any, title: str) -> None:
    paragraph.add_run(f"{title[:80]}  ·  ")
    for kind, text in (("begin", ""), ("", " PAGE "), ("separate", ""), ("shown", "1"), ("end", "")):
        run = paragraph.add_run()
        if kind == "shown":
            run.text = text
        elif kind:
            run._r.append(element("w:fldChar", fldCharType=kind))
        else:
            code = element("w:instrText")
            code.text = text
            run._r.append(code)


def _make_styles(document: Any, language: str) -> None:
    styles = document.styles
    normal = styles["Normal"]
    _font(normal, 11, _INK)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing = 1.15
    normal.element.rPr.append(element("w:lang", val=language, eastAsia="ja-JP", bidi="ar-SA"))
    for name, size, before in (
        ("Heading 1", 18, 22),
        ("Heading 2", 14, 16),
        ("Heading 3", 12, 12),
        ("Heading 4", 11, 8),
    ):
        _font(styles[name], size, _ACCENT if name == "Heading 1" else _INK, is_bold=True)
        styles[name].paragraph_format.space_before = Pt(before)
        styles[name].paragraph_format.space_after = Pt(4)
    _font(styles["Title"], 26, _INK, is_bold=True)
    _font(styles["Subtitle"], 13, _SOFT)
    styles["Subtitle"].font.italic = False
    _font(styles["Caption"], 10, _SOFT)
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Quote"].font.italic = False
    styles["Quote"].paragraph_format.left_indent = Pt(16)
    _new(styles, "Lead", 12.5, _INK, 8)
    _new(styles, "Small", 9, _SOFT, 4)
    _new(styles, "Table Text", 9.5, _INK, 2)
    _new(styles, "After Table", 6, _INK, 4)
    _new(styles, "Contents Heading", 14, _INK, 6).font.bold = True
    for level in range(1, 5):
        _new(styles, f"toc {level}", 11, _INK, 2).paragraph_format.left_indent = Pt(14 * (level - 1))
    note = _new(styles, "Footnote Text", 9, _INK, 2)
    note.element.set(qn("w:styleId"), "FootnoteText")
    mark = styles.add_style("Footnote Reference", WD_STYLE_TYPE.CHARACTER)
    mark.font.superscript = True
    link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb, link.font.underline = _ACCENT, True
    styles.element.append(parse_xml(_TABLE_STYLE))


def _new(styles: Any, name: str, size: float, color: RGBColor, after: float) -> Any:
    style = styles[name] if name in [one.name for one in styles] else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = styles["Normal"]
    _font(style, size, color)
    style.paragraph_format.space_after = Pt(after)
    return style


def _font(style: Any, size: float, color: RGBColor, *, is_bold: bool = False) -> None:
    style.font.size, style.font.color.rgb, style.font.bold = Pt(size), color, is_bold
    style.font.name = "Calibri"
    fonts = style.element.rPr.rFonts
    for name in [name for name in fonts.attrib if "Theme" in name]:
        del fonts.attrib[name]
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), "Arial" if name == "cs" else "Calibri")
    style.element.rPr.append(element("w:szCs", val=str(int(size * 2))))


_TABLE_STYLE = (
    f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="PaperTable"><w:name w:val="Paper Table"/>'
    '<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>'
    + "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="B0B0B0"/>' for side in ("top", "bottom", "insideH")
    )
    + '</w:tblBorders><w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="80" w:type="dxa"/>'
    '<w:bottom w:w="40" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr>'
    '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="EEF1F5"/>'
    "</w:tcPr></w:tblStylePr></w:style>"
)
