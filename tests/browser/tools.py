"""What the browser tests look with: axe for accessibility, the Nu checker for HTML, and screenshots."""

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "screenshots"  # not in git
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NU = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

# WCAG 2.2 AA and all that came before it, and axe's advice on good practice.
AXE_RUN = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  const where = (node) => `\\n  ${node.target.join(" ")} ${node.html}`;
  return violations.map((rule) => `${rule.id}: ${rule.help}${rule.nodes.map(where).join("")}`);
}"""


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def axe(page: Page) -> list[str]:
    """What axe finds wrong on the page as it stands, one text a rule; an empty list is what we want.

    Raises ValueError for a page without JavaScript, in which axe would never come to an end.
    """
    if page.evaluate("matchMedia('(scripting: none)').matches"):
        raise ValueError("axe is a script: open the same page with JavaScript to check it")
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_axe_source())  # by evaluation: the policy of the page forbids a script tag
    found: list[str] = page.evaluate(AXE_RUN)
    return found


def shot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page as screenshots/NAME.png, and return its path."""
    path = SCREENSHOTS / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
    return path


def overflow(page: Page) -> int:
    """By how many CSS pixels the page is wider than its window; more than 0 means scrolling sideways."""
    pixels: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return pixels


def html_errors(pages: Mapping[str, str]) -> list[str]:
    """What the Nu HTML checker finds wrong in pages given as name and source. About 2 s, however many they are."""
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(pages.values()):
            (Path(folder) / f"{number}.html").write_text(source, encoding="utf-8")
        command = ["java", "-jar", str(NU), "--stdout", "--format", "gnu", "--skip-non-html", folder]
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    names = list(pages)
    found = []
    for line in output.splitlines():
        place, _, text = line.partition('.html":')
        index = place.rpartition("/")[2]
        found.append(f"{names[int(index)]}: {text}" if index.isdigit() else line)
    return found
