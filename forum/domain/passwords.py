"""Passwords: argon2id hashes made a few at a time, and a plain answer to whether a password is too easy to guess."""

import os
import re
import threading
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, MOST = 15, 1_000
"""Characters (code points after NFKC), as NIST SP 800-63B-4 asks where a password is the only factor."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # argon2id, OWASP's figures; about 40 ms
_AT_ONCE = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))  # each one takes a core and 19 MiB
# What is checked where there is no account or no password, so that the answer takes as long. Nobody knows its password.
_STAND_IN = "$argon2id$v=19$m=19456,t=2,p=1$sb2Y/KJt5s75abLvfVIuIw$UVxCatG9u0T+mGTR9Nodk2xmRWRzKF1qAzwziX10aHY"

TOO_EASY = "This password is easy to guess. Please use words that have nothing to do with each other."
_LEAST_LEFT = 5  # characters that stay when everything that guessers try first is taken out
_LEAST_KINDS = 5  # different characters

_COMMON = frozenset(
    "abc123 abcd access account admin administrator alexander alexis amanda america and andrea andrew angel angels "
    "anthony apple april ashley august austin autumn azerty baby babygirl badboy bailey banana baseball basketball "
    "batman beautiful benjamin bigdog blessed blink182 blue boomer boston brandon buster butterfly camaro change "
    "changeme charlie cheese chelsea chicken chocolate chris cocacola computer cookie corvette cowboys dallas daniel "
    "danielle december default dennis diamond dolphin dragon eagles eminem enter facebook family february ferrari "
    "fishing flower football forever forget forum freedom friday friend friends gateway george ginger google "
    "government guest guitar gunner hammer hannah harley hello hockey hottie hunter iceman ihateyou iloveyou internet "
    "jackson james january jasmine jennifer jessica jesus jordan joseph joshua july june junior justin killer kitty "
    "knight ladies lakers lauren letmein linkedin liverpool login london love lovely loveme lover loveyou lucky "
    "maggie manchester march marina marlboro martin master matrix matthew maverick melissa mercedes michael michelle "
    "mickey monday money monkey monster morgan mother mustang mylove naruto nascar nicole ninja nothing november "
    "number october online orange pass passphrase password passwort patrick peanut pepper phoenix please pokemon "
    "politics porsche princess private purple qazwsx qwer qwerty rabbit rachel raiders rainbow ranger rangers rebecca "
    "redsox richard robert samantha samsung saturday scooter secret secure security september shadow silver slipknot "
    "snoopy soccer sophie spider spiderman spring starwars steelers steven stupid summer sunday sunshine superman "
    "superstar sweet taylor tennis test testing the thisis thomas thunder thursday tiger tigger tinkerbell tomato "
    "trouble trustno tuesday twitter user username victoria viper wednesday welcome whatever william wilson winner "
    "winston winter word yankees yellow yourmom youtube".split()
)
_KNOWN = frozenset(
    "thequickbrownfox thequickbrownfoxjumps thequickbrownfoxjumpsoverthelazydog "
    "supercalifragilisticexpialidocious maytheforcebewithyou tobeornottobethatisthequestion nevergonnagiveyouup "
    "donaudampfschiffahrtsgesellschaft iloveyouforever iloveyousomuch ilovemyfamily ilovemychildren "
    "idontknowmypassword idontremember iforgotmypassword thisismypassword mypasswordissecret "
    "everythinghappensforareason twinkletwinklelittlestar bohemianrhapsody winteriscoming onceuponatime "
    "wethepeopleoftheunitedstates ofthepeoplebythepeopleforthepeople godblessamerica fourscoreandsevenyearsago".split()
)
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
)
_RUNS = (*_ROWS, *(row[::-1] for row in _ROWS))
_LOOKALIKES = str.maketrans("0134578@$!|", "oleastbasil")
_YEARS = re.compile("(?:19|20)[0-9]{2}")
_REPEATED = re.compile(r"(.{1,7}?)\1{2,}")


def problem(password: str, about: Iterable[str] = ()) -> str | None:
    """Why this password can't be taken, as a sentence; None if it can.

    `about` is what a guesser knows: the person's name and address, the site's name. There are no rules about kinds of
    characters; spaces and every script count. What decides is what is left without common passwords, keyboard rows,
    years and repetitions.
    """
    typed = unicodedata.normalize("NFKC", password)
    if len(typed) < LEAST:
        return f"Please use at least {LEAST} characters. A few words in a row work well."
    if len(typed) > MOST:
        return f"Please use at most {MOST:,} characters."
    folded = typed.casefold()
    if len(set(folded)) < _LEAST_KINDS or len(_period(folded)) < LEAST:
        return TOO_EASY
    plain, without_runs = _letters(folded), _without_runs(folded)
    as_words = _letters(without_runs.translate(_LOOKALIKES))
    if plain in _KNOWN or as_words in _KNOWN:
        return TOO_EASY
    signs = len(folded) - len(plain) if len(plain) < LEAST // 2 else 0  # mostly signs: then they count
    words = sorted(_COMMON | _pieces(about), key=len, reverse=True)
    left = min(len(_without_runs(_without(plain, words))), len(_without(as_words, words)))
    return TOO_EASY if left + signs < _LEAST_LEFT else None


def make_hash(password: str) -> str:
    """The argon2id hash to keep. Takes about 40 ms of a core: never call it in the writer's lane."""
    with _AT_ONCE:
        return _HASHER.hash(unicodedata.normalize("NFKC", password))


def is_right(kept_hash: str | None, password: str) -> bool:
    """Is this the password of that hash? Takes as long where there is none. About 40 ms: not in the writer's lane."""
    with _AT_ONCE:
        try:
            _HASHER.verify(kept_hash or _STAND_IN, unicodedata.normalize("NFKC", password[: MOST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return kept_hash is not None


def is_outdated(kept_hash: str) -> bool:
    """Was this hash made with other parameters than today's?"""
    return _HASHER.check_needs_rehash(kept_hash)


def _period(text: str) -> str:
    """The shortest beginning that gives the text when it is repeated; the last time may be cut."""
    for length in range(1, len(text)):
        if text[length:] == text[:-length]:
            return text[:length]
    return text


def _pieces(about: Iterable[str]) -> frozenset[str]:
    """What names and addresses are made of, of four letters and more."""
    found: set[str] = set()
    for text in about:
        pieces = re.split(r"[\W_]+", text.casefold())
        found.update(piece for piece in (*pieces, "".join(pieces)) if len(piece) >= 4)
    return frozenset(found)


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _without(text: str, words: Iterable[str]) -> str:
    """What stays without the words. The words around one taken out do not become one."""
    for word in words:
        text = text.replace(word, " ")
    return text.replace(" ", "")


def _without_runs(text: str) -> str:
    """What stays without years, repetitions, and runs of four along an alphabet or keyboard."""
    text = _REPEATED.sub(r"\1", _YEARS.sub("", text))
    kept, start = [], 0
    while start < len(text):
        length = _run(text, start)
        if length < 4:
            kept.append(text[start])
            length = 1
        start += length
    return "".join(kept)


def _run(text: str, start: int) -> int:
    """How many characters from `start` on follow one alphabet or keyboard row."""
    length = 1
    while start + length < len(text) and any(text[start : start + length + 1] in row for row in _RUNS):
        length += 1
    return length
