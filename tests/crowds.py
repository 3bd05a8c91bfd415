"""Crowds: many different ideas in many words, and one text in many copies; posted by new accounts, minute by minute."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import time_machine

from forum.db import Connection, Database
from forum.domain import people, posting
from forum.domain.posting import IdeaFields
from tests.making import Make

Text = tuple[str, str]

# thing, where it is, what is wrong with it, what would help
SUBJECTS = [line.split("; ") for line in """
bus stops; the outer districts; nobody knows when the next one comes; boards with live arrival times
library hours; small towns; doors close before people leave work; two late evenings a week
school lunches; primary schools; children throw half of it away; menus that pupils help to choose
bicycle lanes; main roads; drivers park on them all day; low curbs along the whole lane
playgrounds; new suburbs; swings have been broken since winter; a repair crew with a weekly round
tax forms; the revenue office; the words are hard and the boxes small; one page with plain questions
passport renewals; consulates; the wait is eleven weeks; renewal by mail with a photo
museum tickets; national museums; families can't afford four of them; a free day each month
drinking water tests; rural wells; owners never hear the results; letters with clear numbers
street lights; side streets; whole blocks are dark for months; a phone line for broken lamps
recycling bins; apartment houses; glass ends up with paper; three colors and a picture on each lid
hospital parking; city clinics; visitors pay more than for lunch; two hours without a fee
weather warnings; coastal villages; the siren says nothing about the cause; short messages in three languages
farm subsidies; hill farms; the rules change each spring; contracts that last five years
train toilets; regional lines; every second one is locked; a report button beside the door
election notices; post boxes; they arrive after early voting has begun; a fixed mailing date
veterans' papers; field offices; the same discharge letter is asked for again and again; one shared file
building permits; planning desks; neighbors learn of them from the excavators; a map with every application
night buses; university quarters; students walk home for an hour; one line around the ring
fishing licenses; lakes and rivers; the kiosk sells out by June; licenses on a phone
court dates; county courts; witnesses wait a whole day in the hall; time slots of two hours
public toilets; parks; they are closed from October on; small heated cabins
noise at night; airport approaches; freight planes come at three; a curfew from midnight to five
job fairs; former mill towns; firms that hire stay away; fairs held inside the factories
organ donor cards; driver registries; most people were never asked; a question with each renewal
snow clearing; footpaths; plows pile it in front of crossings; small tractors for sidewalks
pension letters; the insurance board; sums are printed without any dates; a chart that shows each decade
school buses; mountain roads; the ride takes ninety minutes; two smaller vans
food labels; supermarkets; allergens hide in tiny print; a symbol for each allergen
flood maps; river valleys; the last survey is from 1987; new measurements by plane
adoption files; family courts; parents hear nothing for a year; a case worker with a name
land registers; former quarries; nobody can say who owns what; scanned deeds for all
dog licenses; town halls; owners have to queue for a metal tag; tags sent by mail
stamps and parcels; island post offices; the counter opens once a week; lockers at the harbor
sign language; public hearings; deaf citizens can't follow; an interpreter at each session
historic bridges; canals; rust has eaten the railings; a fund that matches private gifts
student loans; vocational schools; apprentices get none; the same terms as for universities
beach cleaning; resort towns; volunteers lack gloves and bags; boxes with tools at each access
census questions; new arrivals; several answers fit and one is allowed; more than one mark a question
fire drills; nursing homes; staff at night are two; drills at night with neighbors
rail crossings; cornfields; three accidents in a year; barriers with cameras
translation; welfare desks; children interpret for their parents; interpreters by phone
vaccination records; moving families; booklets get lost; a code that any doctor can read
tree felling; avenues; old lindens vanish overnight; a notice two weeks ahead
ferry tickets; the archipelago; locals pay like tourists; passes for residents
apprentice pay; workshops; it has not risen in nine years; a floor that follows prices
radio reception; tunnels; alarms do not get through; repeaters in each tube
swimming lessons; inner cities; one child in three can't swim; lessons during school time
wheelchair ramps; polling places; voters are carried up the stairs; portable ramps by default
allotment gardens; railway land; the list is eight years long; plots of half the size
bee keeping; flat roofs; insurers refuse it; a model contract for house owners
taxi fares; stations; strangers are driven in circles; fixed prices by zone
expert panels; ministries; the members are always the same; open calls for each seat
cemetery rules; parishes; flowers are banned on lawns; a corner for wild meadows
hail insurance; orchards; premiums doubled; a mutual fund of growers
pothole reports; villages; letters go unanswered; a photo map with dates
radio archives; broadcasters; tapes rot in cellars; students paid to digitize
driving tests; remote counties; the nearest office is far; examiners who travel
music schools; housing estates; instruments cost too much; loans for a year
prison visits; state prisons; trains do not go there; a shuttle on Sundays
""".strip().splitlines()]  # fmt: skip
TITLES = [
    "{thing} in {place}", "Do something about {thing}", "{help} for {place}", "Why {thing} need our care",
    "A small change: {help}", "{place} deserve better {thing}", "Let us fix {thing}", "What {place} could have: {help}",
]  # fmt: skip
STARTS = [
    "I live near {place} and see this every week.", "My neighbors and I talked about {thing} for a long time.",
    "For years {thing} have been a sore point.", "Last month my daughter asked me about {thing}.",
    "Here is something that costs little.", "As a nurse I travel through {place} a lot.",
    "People laugh when I mention {thing}, but listen.", "There is one thing that I would change at once.",
]  # fmt: skip
WRONGS = [
    "The trouble is simple: {wrong}.", "What happens is that {wrong}.", "Everybody can see it: {wrong}.",
    "In {place} it goes like this: {wrong}.", "I counted on my fingers how often it happens. Once more: {wrong}.",
    "Nobody planned it this way, yet {wrong}.",
]  # fmt: skip
HELPS = [
    "I propose {help}.", "What about {help}?", "Other countries have {help}, and it works.",
    "We could begin with {help} and look at the result after a year.", "Please try {help}.",
    "My wish is short: {help}.", "A first step would be {help}.",
]  # fmt: skip
ENDS = (
    """
It would pay for itself. | Thank you for reading. | My whole street would be glad. | Try it in one place first.
I would lend a hand on weekends. | The council has the money for it. | Old and young would gain.
Ask the people who work there; they know. | Put the result on a web page so that we can compare.
I wrote to my representative twice and got a form letter. | A retired engineer from our choir did the sums.
Nobody would lose a job over it. | Sweden did so in the nineties. | Let a jury of citizens decide on the details.
You may call me any evening. | The mayor promised it before the last election. | It needs no new law at all.
Start on a Monday in spring. | My grandmother would have liked that. | Insurers should carry part of the bill.
A class of twelve-year-olds drew the plan. | The pilot in the harbor district went well. | Measure it twice.
We can't wait until 2030. | Paper is patient, people are not. | There are grants for exactly this.
The union is in favor, the chamber of trade is not. | I am happy to be proved wrong. | Winter is the hardest season.
Tourists would notice first. | Doctors have warned about it. | The smallest firms suffer most.
A single clerk could do it in a month. | Please answer even if the answer is no. | Two villages share one already.
My brother drives a truck and agrees. | The old rule dates from the war. | One signature should be enough.
""".replace("\n", " | ")
    .strip(" |")
    .split(" | ")
)

COPIED = (
    "Free the secret weather machine",
    "The government hides a machine that makes the weather. {one} I saw the papers, and so did many others. {two} We"
    " demand that the machine is shown to the public at once, with every plan and every bill that was paid for it.",
)
ASIDES = [
    "My uncle told me.", "It is a shame.", "Wake up, people.", "I am angry about this.", "This has gone on for years.",
    "Ask any farmer.", "I will not be silent.", "You know it is true.", "Read the reports.", "Share this with friends.",
    "Greetings from the north.", "My town has had no rain.", "Who pays for this?", "They will deny it.", "Be brave.",
]  # fmt: skip


def different(many: int, seed: int = 1) -> list[Text]:
    """So many different ideas; each subject comes about equally often, in other words each time."""
    chance = random.Random(seed)
    texts = []
    for number in range(many):
        thing, _, wrong, help_ = SUBJECTS[number % len(SUBJECTS)]
        place = chance.choice(SUBJECTS)[1]
        words = {"thing": thing, "place": place, "wrong": wrong, "help": help_}
        parts = [chance.choice(some) for some in (STARTS, WRONGS, HELPS)]
        first, second, third, fourth = chance.sample(ENDS, 4)
        parts = [parts[0], first, parts[1], second, parts[2], third, fourth]
        title = chance.choice(TITLES).format(**words)
        texts.append((title[:1].upper() + title[1:], " ".join(parts).format(**words).strip()))
    chance.shuffle(texts)
    return texts


def copies(many: int, seed: int = 1) -> list[Text]:
    """One text so many times, with small changes."""
    chance = random.Random(seed)
    title, body = COPIED
    return [
        (f"{title}{chance.choice(['', '!', ' now', ' today'])}", body.format(one=one, two=two))
        for one, two in (chance.sample(ASIDES, 2) for _ in range(many))
    ]


def newcomers(database: Database, many: int, joined_at: datetime) -> list[int]:
    """Ids of so many people at trust level 0."""

    def work(db: Connection) -> list[int]:
        make = Make(db)
        return [make.user(trust_level=0, created_at=joined_at).id for _ in range(many)]

    return database.write(work)


def post_all(
    database: Database, texts: Sequence[Text], slug: str, start: datetime, apart: timedelta
) -> Iterator[tuple[datetime, int]]:
    """Post each text as a new person's idea, each a little later; yields its moment and id while it is so."""
    authors = newcomers(database, len(texts), start)
    for number, ((title, body), author_id) in enumerate(zip(texts, authors, strict=True)):
        moment = start + number * apart
        with time_machine.travel(moment, tick=False):
            fields = IdeaFields(title=title, body=body, community=slug)
            yield moment, post_one(database, author_id, fields)


def post_one(database: Database, author_id: int, fields: IdeaFields) -> int:
    """Post one idea in a transaction of its own."""
    return database.write(lambda db: posting.post(db, people.load(db, author_id), fields).id)
