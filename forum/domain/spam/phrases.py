"""Phrases of advertising and fraud, in our own words: what the score knows before this forum has decided anything.

They are about offers, never about topics: "casino" alone says nothing, "welcome bonus" does. Each family speaks once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from forum import terms


@dataclass(frozen=True, slots=True)
class Family:
    """Phrases of one kind. `weight`: log odds of the first that is found; each further one adds half, up to double."""

    name: str
    weight: float
    text: str
    phrases: tuple[str, ...]


def _family(name: str, weight: float, text: str, phrases: str) -> Family:
    return Family(name, weight, text, tuple(part.strip() for part in phrases.replace("\n", " ").split(",")))


FAMILIES = (
    _family(
        "earnings",
        1.9,
        "It promises easy money.",
        """passive income, financial freedom, make money online, earn money online, earn weekly, daily payout, no
        experience needed, no experience required, double your, receive double, guaranteed profit, guaranteed
        returns, daily profit, weekly returns, trading bot, forex signals, binary options, account manager,
        expert trader, bitcoin mining, free airdrop, token presale, connect your wallet, minimum deposit, get
        paid, paid over, working online, while you sleep, mystery shopper, data entry jobs, hiring now, become
        rich, investment platform, crypto recovery, happy investors""",
    ),
    _family(
        "loans",
        1.9,
        "It offers a loan or a repair of credit.",
        """urgent loan, no credit check, bad credit, instant approval, no collateral, personal loan offer, credit
        repair, fix your credit, cash advance, apply now, loan offer""",
    ),
    _family(
        "selling",
        1.5,
        "It reads like an advertisement.",
        """order now, order here, order yours, buy now, shop now, shop here, book now, act fast, hurry up, best
        price, best prices, lowest price, lowest prices, cheap prices, affordable prices, free shipping, fast
        shipping, worldwide shipping, overnight delivery, discreet packaging, free trial, risk free, money back
        guarantee, special offer, limited offer, limited time, limited seats, limited spots, supplies are
        limited, discount code, coupon code, save up to, free quote, call now, call today, satisfaction
        guaranteed, price guaranteed, buy cheap, buy wholesale, official website, costs you nothing, you
        qualify, no upfront fees, prices from, dont miss out, off retail, with free shipping""",
    ),
    _family(
        "pushing",
        1.1,
        "It pushes readers to click or sign up.",
        """click here, click the link, click on the link, click below, sign up now, sign up today, register now,
        register today, join now, join free, join our vip, claim your, claim yours, download the app, visit our
        website, visit my website, visit my site, check out my, my web site, my homepage, here is my site, see
        my private, start today, instant payout, instant payouts, free signup, no signup, no survey, no human
        verification, no registration, thank me later""",
    ),
    _family(
        "pills",
        1.7,
        "It praises a cure or sells medicine.",
        """without prescription, no prescription, weight loss pills, lose weight fast, melt fat, melts fat, keto
        gummies, cbd gummies, cbd oil, buy viagra, male enhancement, testosterone booster, herbal medicine,
        herbal cure, was cured of, he also cures, no side effects, doctors hate, weird trick, miracle cure, hair
        growth formula, remove toxins, order xanax, buy xanax, trial bottle, buy tramadol, cheap meds""",
    ),
    _family(
        "gambling",
        1.7,
        "It advertises gambling or prizes.",
        """online casino bonus, welcome bonus, free spins, no deposit, deposit bonus, play slots, betting tips,
        fixed matches, correct score, pay after win, real money, jackpot over, you have won, claim your prize,
        gift card, free gift cards, free coins, bonus code, winning betting, play and win""",
    ),
    _family(
        "services",
        1.7,
        "It offers services for hire.",
        """seo services, web design and, app development company, guest posts, dofollow, buy followers, buy real,
        buy verified, likes and views, essay writing service, write my paper, plagiarism free, professional
        writers, replica watches, high quality replica, hire a hacker, we hack, hack phones, driving license
        passport, packers and movers, kindly reply, reply with your requirement, affiliate link""",
    ),
    _family(
        "support fraud",
        1.9,
        "It poses as a support line or a warning.",
        """support phone number, support number, customer service number, toll free number, is toll free, certified
        technicians, help desk number, helpdesk number, printer support, airline reservations, airline customer,
        verify your identity, verify your account, account has been limited, account will be closed, avoid
        suspension, confirm your bank, update your payment, tax refund of, refund is ready, parcel could not,
        found a virus, virus on your computer, log in with your email, sign in with your email, confidential
        document, registration expires, experts are ready to help""",
    ),
    _family(
        "magic and romance",
        1.9,
        "It advertises spells, dates or sex.",
        """love spell, spell caster, powerful spell, spells that work, lost lovers, lost love, get your ex back,
        black magic, astrologer, vashikaran, psychic reading, illuminati today, join the illuminati, after
        initiation, lonely lady, hot singles, hot girls, meet girls, meet singles, escort service, escorts
        available, sex videos, live cams, xxx videos, chat with me, want to chat, saw your profile""",
    ),
    _family(
        "flattery",
        0.9,
        "It praises the page and not the idea.",
        """amazing post, nice article, excellent blog, pretty good post, great post, keep up the good work,
        valuable information, helpful content, bookmarked this page, bookmarked your, stumbled upon, reading
        your posts, useful posts, for more useful information, very useful article, nice site, good site,
        enjoyed reading, great platform""",
    ),
    _family(
        "private contact",
        1.2,
        "It asks readers to make contact elsewhere.",
        """contact him on, contact her on, contact us on, contact him at, contact her at, contact us at, contact me
        on, contact us for, reach him, reach her, reach me, reach us, email him, email us now, email him today,
        text her, text him, tell her i referred you, whatsapp, telegram, wickr, call her, call him, write me at,
        add me on, skype, he can help you, he will help you, bank details, full name address""",
    ),
    _family(
        "offers in other languages",
        1.8,
        "It uses phrases of advertising in another language.",
        """gana dinero, ganar dinero desde casa, haz clic, seguidores reales, tiempo limitado, prestamo rapido,
        ganhe dinheiro, ganhe ate, trabalhando em casa, vagas limitadas, clique no link, cadastre-se gratis,
        gagnez de largent, gagner de largent, cliquez ici, depuis chez vous, sofortkredit, ohne schufa, jetzt
        kostenlos, geld verdienen, jetzt bestellen, jetzt anmelden, заработок в интернете, заработок без
        вложений, без вложений, не выходя из дома, переходи по ссылке, переходите по ссылке, зарабатывай, купить
        дешево, canli bahis, casino sitesi, bedava bonus, hosgeldin bonusu, hemen uye ol, maxwin, deposit pulsa,
        daftar sekarang, judi online, guadagna da casa, kup teraz, kiem tien online""",
    ),
)
"""What the score knows by heart."""

UNSPACED = (
    "加微信",
    "微信号",
    "代开发票",
    "赚钱",
    "博彩",
    "เว็บพนัน",
    "สล็อต",
    "ฝากถอน",
    "สมัครเลย",
    "オンラインカジノ",
    "副業で稼",
)
"""The same for scripts without spaces between words: looked for anywhere in the text."""

DISGUISED = frozenset(
    "free cash money win click here order now buy cheap bonus casino viagra cialis xanax pills meds prices best "
    "shipping prescription worldwide loan credit bitcoin crypto porn sex girls".split()
)
"""Words that advertisers write with digits or gaps, so that no filter reads them."""

_Index = dict[str, list[tuple[tuple[str, ...], Family]]]


@cache
def _index() -> _Index:
    found: _Index = {}
    for family in FAMILIES:
        for phrase in family.phrases:
            first, *rest = terms.words(phrase)
            found.setdefault(first, []).append((tuple(rest), family))
    return found


def found(words: Sequence[str]) -> dict[str, tuple[Family, set[str]]]:
    """The families that speak in a text, by name, each with the phrases that stand there. `words`: terms.words."""
    index, speaking = _index(), dict[str, tuple[Family, set[str]]]()
    for place, word in enumerate(words):
        for rest, family in index.get(word, ()):
            if tuple(words[place + 1 : place + 1 + len(rest)]) == rest:
                speaking.setdefault(family.name, (family, set()))[1].add(" ".join((word, *rest)))
    return speaking
