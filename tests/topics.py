"""Ideas about a few clear topics, made for tests of themes."""

import random
from collections.abc import Sequence

from forum.db import Connection
from forum.domain import search
from forum.domain.communities import CommunityView
from tests.making import Make

TOPICS = {
    "trains": "train railway station platform ticket conductor timetable carriage locomotive commuter",
    "gardens": "garden flower orchard compost seedling greenhouse beekeeper hedge pruning blossom",
    "schools": "school teacher pupil classroom homework textbook curriculum lesson principal exam",
    "museums": "museum painting sculpture curator gallery exhibition fresco portrait archive restoration",
    "clinics": "clinic nurse patient doctor vaccine surgery pharmacy ambulance diagnosis therapy",
}
FILLER = (
    "better everyone often simple people place start month idea year thing give large small open quick honest daily"
    " northern winter wooden friend answer question letter number river street money public summer careful"
).split()


def text(chance: random.Random, topic: str) -> tuple[str, str]:
    """A title and a body about a topic: its words among words that say nothing."""
    words = TOPICS[topic].split()
    title = " ".join([*chance.sample(words, 2), chance.choice(FILLER)])
    body = [*chance.sample(words, 8), *chance.sample(words, 4), *chance.sample(FILLER, 4)]
    chance.shuffle(body)
    return title.capitalize(), " ".join(body)


def fill(
    db: Connection,
    *,
    each: int = 14,
    topics: Sequence[str] = tuple(TOPICS),
    community: CommunityView | None = None,
    seed: int = 1,
) -> dict[str, list[int]]:
    """So many ideas about each topic, posted in turn; topic → their ids."""
    make, chance = Make(db), random.Random(seed)
    place, author = community or make.community(), make.user()
    found: dict[str, list[int]] = {topic: [] for topic in topics}
    for _ in range(each):
        for topic in topics:
            title, body = text(chance, topic)
            found[topic].append(post(make, title, body, community=place, author=author))
    return found


def post(make: Make, title: str, body: str, **values: object) -> int:
    """One idea that the search knows."""
    idea_id = make.idea(title=title, body=body, **values)  # type: ignore[arg-type]
    search.refresh(make.db, "idea", idea_id)
    return idea_id
