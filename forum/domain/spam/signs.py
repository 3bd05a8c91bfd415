"""Signs of spam in the words of a post: rules that hold from the first day, each with a weight and a plain sentence.

Weights are log odds, set by hand: 0.7 doubles the odds, 2.3 makes them ten times as large.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forum.domain.spam import phrases, vocabularies
from forum.domain.spam.addresses import Addresses

_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
_LINK_WEIGHTS = (0.0, 0.1, 0.4, 0.9, 1.4, 1.9, 2.3, 2.7, 3.1, 3.5, 5.6)
_LINKS_HELD = 10  # so many links are a sign wherever they lead
_WORDS_BETWEEN = 25  # who writes so many words for each link cites
_WORDS_LEAST = 12  # who writes fewer words for each link points away
_TRADE, _PUBLIC = 0.5, 0.4  # log odds of one word
_NO_OFFER = frozenset({"phrases-flattery", "phrases-private contact"})
_OFFERS = ("phrases-", "trade-1", "trade-2", "trade-3")
_PROMISES = frozenset({"promise", "percent", "wallet"})
_REACH = frozenset({"phone", "mail", "messenger", "phrases-private contact"})

_HTML_LINK = re.compile(r"<a\s[^>]{0,200}href", re.IGNORECASE)
_BOARD_LINK = re.compile(r"\[(?:url|link)[=\]]", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w/=.,$€£+-])(?:\+|\()?\d[\d ().-]{6,17}\d(?![\w%]|[.,]\d)")
_DECIMAL = re.compile(r"\d\.\d{3,}")
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ .()-]*){2,}|\d{4}-\d\d-\d\d.*|\d{1,2}\.\d{1,2}\.\d{4}.*")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_MESSENGER = re.compile(
    r"(?:whats\s?app|telegram|wickr|skype|signal|snap(?:chat)?|instagram|wechat|微信)\s?(?:me|us|him|her)?\s?(?:at|on|is)?"
    r"\s?[:@]{0,3}\s?(?:\+\d|@\w|\d{6}|[a-z]+\d{3})",
    re.IGNORECASE,
)
_WALLET = re.compile(
    r"\b(?:bc1[02-9ac-hj-np-z]{25,60}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{26,34}|T[1-9A-HJ-NP-Za-km-z]{33})\b"
)
_AFTER_SUM = r"\s?(?:€|dollars|euros|USD|BTC|ETH|\u0440\u0443\u0431\w*)"
_AMOUNT = rf"(?:US\s?)?(?:[$€£₹]|R\$)\s?\d[\d,.]{{0,15}}\s?k?\b|\b\d[\d,.]{{0,15}}{_AFTER_SUM}"
_PRICE = re.compile(_AMOUNT)
_PROMISE = re.compile(
    r"\b(?:earn\w*|won|win|made|makes?|turned|got|receive|bonus|invest\w*|profit\w*|income|paid over|get a|"
    rf"check was|returns? of|jackpot|withdraws?|\u0437\u0430\u0440\u0430\u0431\w+|ganhe|gagnez|gana)\b"
    rf"[^.!?\n]{{0,40}}?(?:{_AMOUNT})",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    r"\b100\s?%\s?(?:sure|legit|guaranteed?|natural|free|safe|result|real|working|trusted)|\b\d\d% (?:off|discount)",
    re.I,
)
_RUN = re.compile(r"([!?$€*~#>]|[^\W\d_])\1{4,}")
_POINTING = re.compile(r">>>|=+>\s*http|👉|👇|➡|⬇")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_WORD = re.compile(r"[^\W\d_]{4,}")
_LATIN, _LOOKALIKE = re.compile("[A-Za-z]"), re.compile("[\u0370-\u03ff\u0400-\u04ff]")
_FANCY = re.compile("[\U0001d400-\U0001d7ff\U0001f130-\U0001f189]")
_WIDE = re.compile("[\uff21-\uff3a\uff41-\uff5a]")
_UNSPACED = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_HIDDEN = re.compile("(?<=[A-Za-z])[\u00ad\u200b\u200c\u200d\u2060\ufeff](?=[A-Za-z])")
_LEET = re.compile(r"\b(?=\w{0,40}\d)(?=\w{0,40}[a-z])[a-z0-9@$]{3,40}\b", re.IGNORECASE)
_FROM_LEET = str.maketrans("013457@$", "oieastas")
_APART = re.compile(r"(?<!\w)[^\W\d_](?:[ .*_-]{1,2}[^\W\d_]){2,}(?!\w)")


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for spam. `name` is what the classifier learns; `text` is what a moderator reads."""

    name: str
    weight: float
    text: str


def number(count: int) -> str:
    """A number at the start of a sentence: `Three`, `27`."""
    return _NUMBERS[count].capitalize() if count < len(_NUMBERS) else f"{count:,}"


def many(count: int, one: str, more: str | None = None) -> str:
    """A count with its noun: `Three links`."""
    return f"{number(count)} {one if count == 1 else more or one + 's'}"


def of_text(text: str, words: Sequence[str], stems: Sequence[str], links: Addresses) -> list[Sign]:
    """Every sign in a text. `words`, `stems`: of the text without addresses (forum.terms). Takes a millisecond."""
    found = [
        *_of_links(text, words, links),
        *_of_contacts(text),
        *_of_money(text),
        *_of_letters(text),
        *_of_disguise(text),
        *_of_phrases(text, words),
        *_of_vocabulary(stems),
    ]
    return [*found, *_of_both({sign.name for sign in found}, leads_away=links.official < links.count)]


def _of_both(names: set[str], *, leads_away: bool) -> Iterator[Sign]:
    """What two signs say together: an offer is not much and a link is not much, but an offer with a link sells."""
    offers = any(name.startswith(_OFFERS) for name in names - _NO_OFFER) or not names.isdisjoint(_PROMISES)
    if offers and (leads_away or not names.isdisjoint(_REACH)):
        yield Sign("offer", 1.3, "It makes an offer and says how to take it.")
    if "phrases-flattery" in names and leads_away:
        yield Sign("praise-and-link", 1.6, "It praises in general words and adds a link.")


def _of_links(text: str, words: Sequence[str], links: Addresses) -> Iterator[Sign]:
    if links.count:
        is_many = links.count >= _LINKS_HELD
        counted = links.count if is_many else links.count - links.official * 2 // 3
        weight = _LINK_WEIGHTS[min(counted, _LINKS_HELD)]
        if not is_many and len(words) >= _WORDS_BETWEEN * links.count:
            weight /= 2
        yield Sign(f"links-{min(links.count, _LINKS_HELD)}", weight, f"{many(links.count, 'link')}.")
    if links.official < links.count and len(words) < _WORDS_LEAST * links.count:
        yield Sign("mostly-links", 0.3 if links.count < 3 else 0.9, "Little text beside the links.")
    yield from _of_odd_links(text, links)


def _of_odd_links(text: str, links: Addresses) -> Iterator[Sign]:
    if links.repeats > 2:
        yield Sign("same-link", 1.0, f"The same address stands there {links.repeats} times.")
    if links.short:
        yield Sign("short-link", 1.4 + 0.4 * min(links.short - 1, 3), "A shortened address hides where it leads.")
    if links.messengers:
        yield Sign("chat-link", 1.6, "A link leads to a private chat.")
    if links.imitations:
        yield Sign("imitation", 3.2, f"An address looks like another one: {links.imitations[0]}.")
    if links.programs:
        yield Sign("program", 1.6, "A link leads to a program.")
    if boards := len(_BOARD_LINK.findall(text)):
        yield Sign("board-link", 2.6, f"{many(boards, 'link')} written for other forums, as robots do.")
    elif _HTML_LINK.search(text):
        yield Sign("html-link", 0.8, "Links written in HTML.")


def _of_contacts(text: str) -> Iterator[Sign]:
    if numbers := phones(text):
        is_repeated = len(set(numbers)) < len(numbers)
        yield Sign(
            "phone", 1.5 if is_repeated else 0.7, "A phone number, several times." if is_repeated else "A phone number."
        )
    if _MAIL.search(text):
        yield Sign("mail", 0.5, "A mail address.")
    if _MESSENGER.search(text):
        yield Sign("messenger", 1.8, "A name or number of a private chat.")


def phones(text: str) -> list[str]:
    """The digits of each phone number in a text: 9 to 15 of them, no years, dates or coordinates."""
    found = []
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 9 <= len(digits) <= 15 and not _DECIMAL.search(match[0]) and not _YEARS.fullmatch(match[0]):
            found.append(digits[-9:])
    return found


def _of_money(text: str) -> Iterator[Sign]:
    if _WALLET.search(text):
        yield Sign("wallet", 3.0, "The number of a wallet for digital money.")
    if promises := len(_PROMISE.findall(text)):
        yield Sign("promise", 0.9 if promises == 1 else 1.5, "It speaks of sums that one earns or wins.")
    if _PERCENT.search(text):
        yield Sign("percent", 0.9, "It promises with a percentage, as advertising does.")
    if len(_PRICE.findall(text)) > 2:
        yield Sign("prices", 0.2, "Several prices.")


def _of_letters(text: str) -> Iterator[Sign]:
    capitals = sum(map(str.isupper, text))
    if capitals >= 20 and capitals > 1.5 * sum(map(str.islower, text)):
        yield Sign("shouting", 0.4, "Most letters are capitals.")
    if _RUN.search(text):
        yield Sign("run", 0.4, "The same character many times in a row.")
    if _POINTING.search(text):
        yield Sign("pointing", 0.8, "Arrows that point at a link.")
    if (emoji := len(_EMOJI.findall(text))) > 4:
        yield Sign("emoji", 0.8, f"{many(emoji, 'small picture')}.")


def _of_disguise(text: str) -> Iterator[Sign]:
    if text.isascii():
        mixed = 0
    else:
        mixed = sum(bool(_LATIN.search(word) and _LOOKALIKE.search(word)) for word in _WORD.findall(text))
    if mixed:
        what = "word mixes" if mixed == 1 else "words mix"
        yield Sign("mixed-scripts", 1.5 if mixed == 1 else 4.0, f"{number(mixed)} {what} letters of two scripts.")
    fancy = len(_FANCY.findall(text)) + (0 if _UNSPACED.search(text) else len(_WIDE.findall(text)))
    if fancy > 5:
        yield Sign("fancy-letters", 3.2, "Letters taken from signs of mathematics.")
    if _HIDDEN.search(text):
        yield Sign("hidden-letters", 2.0, "Invisible characters inside words.")
    leet = sum(word.lower().translate(_FROM_LEET) in phrases.DISGUISED for word in _LEET.findall(text))
    spelled = "".join(re.sub(r"[\W_]", "", match).lower() for match in _APART.findall(text))
    if leet + sum(word in spelled for word in phrases.DISGUISED) > 1:
        yield Sign("disguised-words", 4.0, "Words are spelled with digits or gaps to hide them.")


def _of_phrases(text: str, words: Sequence[str]) -> Iterator[Sign]:
    for family, hits in phrases.found(words).values():
        weight = family.weight * min(2.0, 0.5 + 0.5 * len(hits))
        yield Sign(f"phrases-{family.name}", weight, family.text)
    if seen := [phrase for phrase in phrases.UNSPACED if phrase in text]:
        yield Sign("phrases-unspaced", min(4.0, 1.5 + len(seen)), "It uses phrases of advertising in another language.")


def _of_vocabulary(stems: Sequence[str]) -> Iterator[Sign]:
    trade, public = vocabularies.counts(stems)
    weight = _TRADE * trade - _PUBLIC * public
    if weight > 0 and trade > 1:
        text = f"{many(trade, 'word')} of trade, {number(public).lower()} of public matters."
        yield Sign(f"trade-{min(3, int(weight))}", min(3.5, weight), text)
    elif weight < 0:
        yield Sign("public", max(-1.5, weight), "")
