"""What a person recognizes a session by: browser and system, in two words, from the header that browsers send."""

import re

_BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?(?:iOS)?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|Chromium|HeadlessChrome)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile("iPhone")),
    ("iPad", re.compile("iPad")),
    ("Android", re.compile("Android")),
    ("Windows", re.compile("Windows")),
    ("Mac", re.compile("Macintosh|Mac OS X")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile("Linux|X11")),
)


def label(user_agent: str) -> str:
    """`Firefox on Windows`; nothing finer is kept. Empty if neither is known."""
    browser = next((name for name, pattern in _BROWSERS if pattern.search(user_agent)), "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(user_agent)), "")
    return " on ".join(part for part in (browser, system) if part)
