"""Two vocabularies: words of trade, in which spam is written, and words of public matters, in which ideas are.

They are about the manner of a post and not its point of view: a post about casinos speaks of licenses and taxes, an
advertisement for one of bonuses and deposits. Our own lists, by hand; single words of few letters weigh little.
"""

from collections.abc import Iterable
from functools import cache

from forum import terms

_TRADE = """
price cheap cheaper cheapest affordable discount deal sale sell seller shop store buy buyer order purchase ship
shipping shipped delivery deliver customer product brand wholesale retail warranty refund coupon voucher promo
referral affiliate bonus prize winner won jackpot casino slots poker roulette bet betting odds spins lottery
sweepstakes bookmaker gambling loan lender payday credit debt collateral wallet crypto bitcoin btc ethereum eth
token coin airdrop presale forex trading trader broker invest investor investment portfolio profit earnings earn
income passive payout withdraw deposit mining staking signals balance winnings cash hourly hiring vacancy assistant
beginner shopper survey laptop pill pharmacy prescription viagra cialis ozempic tramadol xanax adderall supplement
gummies cbd keto diet slim detox herbal herb cure cured remedy miracle serum cream skin hair wrinkle testosterone
enhancement libido formula bottle seo backlink webmaster website homepage hosting marketing traffic followers likes
subscribers subscribe channel instagram tiktok snapchat onlyfans essay dissertation homework plagiarism iptv
streaming movies apk crack torrent screenshot replica rolex gucci handbag sneakers shoes jewelry mattress sofa chair
vape juice coupons hoverboard ink umrah plumber electrician locksmith roofing roofer mover packers carpet painter
gardener dentist garage cleaner cleaning escort massage singles dating girls lady webcam cams nude sexy sex porn xxx
adult erotic lonely darling honey dear relationship sweet photos pics gallery chat spell caster curse astrologer
psychic magic voodoo healer priestess illuminati tarot lover ex husband wife helpdesk helpline toll technician
antivirus virus printer airline reservation parcel redelivery quota mailbox verify login password confirm suspended
suspension expired expires invoice claim passport diploma counterfeit undetectable banknotes hacker hack trace
stolen drained telegram whatsapp skype wechat wickr inbox sms dm discreet guaranteed legit genuine instant instantly
urgent hurry exclusive amazing fantastic incredible trick unlimited limited gift giveaway trial eligible qualify
consultation kindly sir madam expert professional satisfaction certified vacation flight hotel travel resort tour
package luxury comprar barato oferta gratis dinero ganar prestamo aval nomina descuento envio tienda seguidores
apuestas emprestimo desconto dinheiro ganhe renda lucro frete loja acheter livraison argent gagner pret promotion
remise boutique kaufen kredit kostenlos gunstig rabatt lieferung verdienen gewinn sofort angebot bestellen купить
купите диплом доставка оплата заработок заработай кредит бесплатно казино ставки скидка цена заказать дешево bahis
bedava kredi casino bonus kazan uye slot judi gacor daftar pulsa togel
"""

_PUBLIC = """
agency agencies government public publish published record records law laws bill bills congress senate
representative senator citizen citizens vote voter voters voting election tax taxes taxpayer budget county city town
state federal council minutes hearing meeting school library policy transparency transparent open data foia
regulation rule rules official department office contract president administration program community people petition
idea ideas comment agree disagree democracy democratic rights constitution court judge police military veterans
health insurance education teacher teachers students farmer farmers workers union energy environment water climate
road street bus transit neighborhood residents infrastructure spending funding grant corruption lobby lobbyist
lobbyists accountability audit inspector report statistics spreadsheet form proposal propose suggest should must
cannot because why what who secret secrets country nation national american americans political politician
politicians party campaign civic society legislation committee oversight whistleblower employees employee hotline
deadline complaint complaints ballot mayor governor ministry parliament gobierno ley publico vecinos ciudad
presupuesto ayuntamiento consejo barrio ciudadanos governo lei cidade cidadaos obra prefeitura transparencia
gouvernement loi ville depute citoyens commune etat stadt gesetz haushalt burger staat vertrage gemeinde behorde
закон город школа школы правительство протокол гражданин договор родители belediye butce kanun mahalle
"""


@cache
def _stems() -> tuple[frozenset[str], frozenset[str]]:
    trade, public = frozenset(terms.stems(_TRADE)), frozenset(terms.stems(_PUBLIC))
    return trade - public, public


def counts(stems: Iterable[str]) -> tuple[int, int]:
    """How many different words of trade and of public matters a text has. `stems`: terms.stems of it."""
    trade, public = _stems()
    found = set(stems)
    return len(found & trade), len(found & public)
