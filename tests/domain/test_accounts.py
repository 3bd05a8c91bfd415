"""Accounts: names, addresses, handles, mailed codes, and the proofs that open a session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import accounts, codes, limits, passwords, people, profiles, proofs, sessions
from forum.domain.account_mails import Sender
from forum.domain.accounts import SignUpFields
from forum.domain.codes import Ended
from forum.domain.errors import Forbidden, Invalid, NotFound, ProofNeeded, SignInNeeded, TooMany
from forum.models import LimitHit, Mail, MailCode, User, UserChange
from forum.signing import token_hash
from tests.making import Make

SENDER = Sender("A Forum", "https://forum.example")
PASSWORD = "purple elephants dance"


def last_mail(db: Connection) -> sa.Row[tuple[str, str, str]]:
    return db.execute(sa.select(Mail.recipient, Mail.subject, Mail.text).order_by(Mail.id.desc()).limit(1)).one()


def last_token(db: Connection) -> str:
    text = last_mail(db).text
    return text.partition("/confirm/")[2].split()[0]


def sign_up(db: Connection, email: str, *, name: str = "Ada", password_hash: str | None = None) -> str:
    fields = SignUpFields(name=name, email=email)
    proofs.sign_up(
        db, SENDER, fields, password_hash=password_hash, browser="own", next_path="/ideas", address="192.0.2.1"
    )
    return last_token(db)


def visitor(db: Connection, person: people.Person) -> sessions.Visitor:
    found = sessions.find(db, sessions.start(db, person))
    assert found is not None
    return found


@pytest.mark.parametrize("given", ["ada@example.org", " Ada@Example.ORG ", "ADA@EXAMPLE.ORG\n"])
def test_an_address_has_one_form(given: str) -> None:
    assert accounts.clean_email(given) == "ada@example.org"


@pytest.mark.parametrize(
    "given",
    ["", " ", "ada", "ada@", "@example.org", "a b@example.org", "ada@example", "ada@exa mple.org", "ada@@example.org",
     "ada@example..org", "ada@.org", "ada@example.org, bob@example.org", "ada@example.org\nBcc: bob@example.org",
     "<ada@example.org>", "a" * 65 + "@example.org", "ada@" + "e" * 250 + ".org", "ada\u202e@example.org"],
)  # fmt: skip
def test_what_can_not_be_an_address(given: str) -> None:
    with pytest.raises(ValueError, match="Please"):
        accounts.clean_email(given)


@pytest.mark.parametrize("given", ["", " ", "a", "\u200b\u200b", "x" * 61, "ada@example.org", "http://spam.example"])
def test_what_can_not_be_a_name(given: str) -> None:
    with pytest.raises(ValueError, match="Please"):
        accounts.clean_name(given)


@pytest.mark.parametrize("given", ["Administrator", "ADMIN", "Moderator", "Ådmin", "Former member", "Support"])
def test_nobody_takes_a_name_that_passes_for_the_people_who_run_the_site(given: str) -> None:
    with pytest.raises(ValueError, match="people who run"):
        accounts.own_name(given)
    assert accounts.clean_name(given)


def test_names_of_every_script_are_fine() -> None:
    for name in ("Ada Lovelace", "李小龙", "ज़ोया", "Ó Conchúir", "Bo"):
        assert accounts.own_name(f"  {name} ") == name


def test_an_operator_adds_an_account(db: Connection) -> None:
    user_id = accounts.add(
        db, email="Ada@Example.org", name="Ada Lovelace", role="policy", password=PASSWORD, is_employee=True
    )
    person = people.load(db, user_id)
    assert (person.handle, person.email, person.role) == ("ada-lovelace", "ada@example.org", "policy")
    assert person.is_employee
    assert person.is_confirmed
    kept = accounts.by_email(db, "ada@example.org")
    assert kept is not None
    assert passwords.is_right(kept.password_hash, PASSWORD)
    assert db.execute(sa.select(UserChange.kind, UserChange.after, UserChange.by_id)).all() == [
        ("created", "policy", None)
    ]


def test_an_operator_hears_everything_that_is_wrong_at_once(db: Connection) -> None:
    accounts.add(db, email="ada@example.org", name="Ada", handle="ada")
    with pytest.raises(Invalid) as refusal:
        accounts.add(db, email="ada@example.org", name="", role="king", password="short", handle="ada")
    assert set(refusal.value.errors) == {"email", "name", "role", "password", "handle"}
    with pytest.raises(Invalid, match="Please give an address like"):
        accounts.add(db, email="nowhere", name="Ada")


def test_handles_are_free_when_they_are_given(db: Connection, make: Make) -> None:
    assert accounts.free_handle(db, "Ada Lovelace") == "ada-lovelace"
    made = {accounts.add(db, email=f"ada{n}@example.org", name="Ada Lovelace") for n in range(14)}
    handles = list(db.execute(sa.select(User.handle).where(User.id.in_(made))).scalars())
    assert len(set(handles)) == 14
    assert {"ada-lovelace", "ada-lovelace-2", "ada-lovelace-9"} < set(handles)
    assert all(handle.startswith("ada-lovelace") for handle in handles)


def test_a_sign_up_makes_no_account_before_its_link_is_followed(db: Connection) -> None:
    token = sign_up(db, "ada@example.org", password_hash="h")
    assert accounts.by_email(db, "ada@example.org") is None
    assert codes.peek(db, token).purpose == "sign-up"
    followed = proofs.follow(db, SENDER, token, browser="own")
    assert followed.is_new
    assert followed.next == "/ideas"
    assert followed.proof is not None
    person = people.load(db, followed.proof.user_id)
    assert (person.name, person.is_confirmed, person.role) == ("Ada", True, "citizen")
    known = accounts.by_email(db, "ada@example.org")
    assert known is not None
    assert known.password_hash == "h"


def test_nobody_prepares_an_account_for_somebody_elses_address(db: Connection) -> None:
    token = sign_up(db, "victim@example.org", name="Attacker", password_hash="known to the attacker")
    followed = proofs.follow(db, SENDER, token, browser="another", name="Victor", password_hash=None)
    assert followed.proof is not None
    known = accounts.by_email(db, "victim@example.org")
    assert known is not None
    assert (known.name, known.password_hash) == ("Victor", None)


def test_two_sign_ups_of_one_address_make_one_account(db: Connection) -> None:
    first, second = sign_up(db, "ada@example.org"), sign_up(db, "ada@example.org", name="Beda", password_hash="h")
    one, two = (proofs.follow(db, SENDER, token, browser="own") for token in (first, second))
    assert one.proof is not None
    assert two.proof is not None
    assert one.proof.user_id == two.proof.user_id
    assert (one.is_new, two.is_new) == (True, False)
    known = accounts.by_email(db, "ada@example.org")
    assert known is not None
    assert (known.name, known.password_hash) == ("Ada", None)


def test_the_table_of_codes_holds_no_token(db: Connection) -> None:
    token = sign_up(db, "ada@example.org")
    row = db.execute(sa.select(*MailCode.__table__.columns)).one()
    assert row.token_hash == token_hash(token)
    assert token not in str(row)


def test_a_code_works_once_and_for_ten_minutes(db: Connection, make: Make) -> None:
    person = make.user()
    assert person.email is not None
    token = codes.issue(db, codes.SIGN_IN, person.email, user_id=person.id)
    codes.peek(db, token)
    codes.peek(db, token)
    assert proofs.follow(db, SENDER, token, browser=None).proof is not None
    for again in (codes.peek, codes.use):
        with pytest.raises(Ended):
            again(db, token)
    late = codes.issue(db, codes.SIGN_IN, person.email, user_id=person.id)
    with time_machine.travel(now() + timedelta(minutes=9, seconds=58), tick=False):
        codes.peek(db, late)
    with time_machine.travel(now() + timedelta(minutes=10, seconds=1), tick=False):
        with pytest.raises(Ended):
            proofs.follow(db, SENDER, late, browser=None)
        codes.forget(db)
    assert db.execute(sa.select(sa.func.count()).select_from(MailCode)).scalar_one() == 0
    with pytest.raises(Ended):
        codes.peek(db, "never one of ours")


def test_one_code_followed_many_times_at_once_lets_one_in(database: Database) -> None:
    def prepare(db: Connection) -> str:
        person = Make(db).user()
        return codes.issue(db, codes.SIGN_IN, person.email or "", user_id=person.id)

    token = database.write(prepare)

    def follow(_: int) -> bool:
        try:
            return database.write(lambda db: proofs.follow(db, SENDER, token, browser=None)).proof is not None
        except Ended:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(follow, range(30))) == 1


def test_fifty_people_of_one_name_at_once_get_fifty_handles(database: Database) -> None:
    def join(number: int) -> int:
        return database.write(lambda db: accounts.add(db, email=f"ada{number}@example.org", name="Ada"))

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(join, range(50)))) == 50


def test_a_mailed_link_confirms_the_address(db: Connection, make: Make) -> None:
    person = make.user(email_confirmed_at=None)
    assert person.email is not None
    proofs.mail_link(db, SENDER, person.email, next_path="", address="192.0.2.1")
    proofs.follow(db, SENDER, last_token(db), browser=None)
    assert people.load(db, person.id).is_confirmed


def test_a_link_for_an_unknown_address_makes_an_account(db: Connection) -> None:
    proofs.mail_link(db, SENDER, "new@example.org", next_path="/ideas", address="192.0.2.1")
    assert "no account" in last_mail(db).subject
    token = last_token(db)
    with pytest.raises(ValueError, match="fill in a name"):
        proofs.follow(db, SENDER, token, browser=None, name="")


def test_mails_carry_no_word_of_a_stranger(db: Connection) -> None:
    sign_up(db, "ada@example.org", name="Buy pills at pills")
    mail = last_mail(db)
    assert "pills" not in mail.subject + mail.text
    assert len(mail.subject) < 60


def test_a_password_proves_who_it_is_until_it_is_changed(db: Connection, make: Make) -> None:
    person = make.user(password_hash=passwords.make_hash(PASSWORD))
    assert person.email is not None
    right = proofs.try_password(db, person.email, PASSWORD, "192.0.2.1")
    assert proofs.by_password(db, right, "192.0.2.1") == proofs.Proof(person.id, "password")
    wrong = proofs.try_password(db, person.email, "purple elephants sing", "192.0.2.1")
    assert proofs.by_password(db, wrong, "192.0.2.1") is None
    db.execute(sa.update(User).where(User.id == person.id).values(password_hash="another"))
    assert proofs.by_password(db, right, "192.0.2.1") is None


def test_a_hash_of_older_parameters_is_made_anew(db: Connection, make: Make) -> None:
    from argon2 import PasswordHasher

    person = make.user(password_hash=PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD))
    attempt = proofs.try_password(db, person.email or "", PASSWORD, "192.0.2.1")
    assert proofs.by_password(db, attempt, "192.0.2.1") is not None
    kept = accounts.by_id(db, person.id).password_hash
    assert not passwords.is_outdated(kept)
    assert passwords.is_right(kept, PASSWORD)


def test_limits_hold_by_address_range_and_by_account(
    db: Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "is_right", lambda kept, typed: kept is not None and typed == PASSWORD)
    person = make.user(password_hash=passwords.make_hash(PASSWORD))
    email = person.email or ""

    def attempt(address: str, typed: str = "wrong", to: str = email) -> proofs.Proof | None:
        return proofs.by_password(db, proofs.try_password(db, to, typed, address), address)

    for number in range(25):
        assert attempt("192.0.2.1", to=f"nobody{number}@example.org") is None
    with pytest.raises(TooMany) as refusal:
        attempt("192.0.2.1", PASSWORD)
    assert 0 < refusal.value.retry_after <= 330
    for number in range(25):
        assert attempt(f"192.0.2.{number + 2}") is None
    with pytest.raises(TooMany):
        attempt("198.51.100.7", PASSWORD)
    assert attempt("198.51.100.7", to="other@example.org") is None
    keys = db.execute(sa.select(LimitHit.key)).scalars().all()
    assert not any("@" in key for key in keys)
    with time_machine.travel(now() + timedelta(minutes=70), tick=False):
        assert attempt("192.0.2.1", PASSWORD) is not None


def test_a_limit_that_only_looks_counts_nothing(db: Connection) -> None:
    for _ in range(100):
        limits.check_address(db, "sign-up", "192.0.2.1")
    for _ in range(5):
        limits.hit_address(db, "sign-up", "192.0.2.1")
    with pytest.raises(TooMany):
        limits.check_address(db, "sign-up", "192.0.2.1")


def test_five_mails_in_half_an_hour_then_no_more(db: Connection, make: Make) -> None:
    known = make.user().email or ""
    for email in (known, "unknown@example.org"):
        for number in range(5):
            proofs.mail_link(db, SENDER, email, next_path="", address=f"192.0.2.{number}")
        with pytest.raises(TooMany):
            proofs.mail_link(db, SENDER, email, next_path="", address="198.51.100.1")


def test_a_new_session_ends_the_old_one(db: Connection, make: Make) -> None:
    person = make.user()
    old = sessions.start(db, person)
    token, who = proofs.open_session(db, proofs.Proof(person.id, "mail"), device="Firefox on Linux", ends=old)
    assert who.id == person.id
    assert sessions.find(db, old) is None
    assert sessions.find(db, token) is not None


@pytest.mark.parametrize("status", ["deleted", "imported"])
def test_who_has_no_account_any_more_gets_no_session(db: Connection, make: Make, status: str) -> None:
    person = make.user(status=status)
    with pytest.raises(Ended):
        proofs.open_session(db, proofs.Proof(person.id, "mail"), device="", ends=None)


def test_what_takes_an_account_over_needs_a_fresh_proof(db: Connection, make: Make) -> None:
    person = make.user()
    fresh = visitor(db, person)
    with pytest.raises(SignInNeeded):
        profiles.set_password(db, None, SENDER, "h")
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        for act in (
            lambda: profiles.set_password(db, fresh, SENDER, "h"),
            lambda: profiles.ask_new_address(db, fresh, SENDER, "new@example.org", address="192.0.2.1"),
        ):
            with pytest.raises(ProofNeeded):
                act()


def test_a_new_password_ends_all_other_sessions_and_mailed_codes(db: Connection, make: Make) -> None:
    person = make.user()
    other = sessions.start(db, person)
    own = visitor(db, person)
    code = codes.issue(db, codes.SIGN_IN, person.email or "", user_id=person.id)
    profiles.set_password(db, own, SENDER, "h")
    assert sessions.find(db, other) is None
    assert [row.id for row in sessions.of(db, person)] == [own.session_id]
    with pytest.raises(Ended):
        codes.use(db, code)
    assert "password of your account" in last_mail(db).text


def test_an_address_changes_when_the_new_one_is_proved(db: Connection, make: Make) -> None:
    person = make.user()
    own = visitor(db, person)
    profiles.ask_new_address(db, own, SENDER, "new@example.org", address="192.0.2.1")
    mails = db.execute(sa.select(Mail.recipient, Mail.text).order_by(Mail.id)).all()
    assert [mail.recipient for mail in mails] == ["new@example.org", person.email]
    assert people.load(db, person.id).email == person.email
    token = mails[0].text.partition("/confirm/")[2].split()[0]
    followed = proofs.follow(db, SENDER, token, browser=None)
    assert followed.proof is None
    assert people.load(db, person.id).email == "new@example.org"
    assert last_mail(db).recipient == person.email
    with pytest.raises(Ended):
        proofs.follow(db, SENDER, token, browser=None)


def test_whether_a_new_address_is_taken_is_told_to_that_address_alone(db: Connection, make: Make) -> None:
    person, other = make.user(), make.user()
    profiles.ask_new_address(db, visitor(db, person), SENDER, other.email or "", address="192.0.2.1")
    mails = db.execute(sa.select(Mail.recipient, Mail.text).order_by(Mail.id)).all()
    assert mails[0].recipient == other.email
    assert "/confirm/" not in mails[0].text
    with pytest.raises(Invalid):
        profiles.ask_new_address(db, visitor(db, person), SENDER, person.email or "", address="192.0.2.1")


def test_an_address_that_was_taken_in_between_stays_with_whoever_has_it(database: Database) -> None:
    def prepare(db: Connection) -> str:
        person = Make(db).user()
        token = codes.issue(db, codes.CHANGE_ADDRESS, "new@example.org", user_id=person.id)
        accounts.add(db, email="new@example.org", name="First")
        return token

    token = database.write(prepare)
    with pytest.raises(Ended):
        database.write(lambda db: proofs.follow(db, SENDER, token, browser=None))


def test_a_code_for_an_address_one_has_no_more_lets_nobody_in(db: Connection, make: Make) -> None:
    person = make.user()
    token = codes.issue(db, codes.SIGN_IN, person.email or "", user_id=person.id)
    db.execute(sa.update(User).where(User.id == person.id).values(email="new@example.org"))
    with pytest.raises(Ended):
        proofs.follow(db, SENDER, token, browser=None)


def test_a_person_sets_name_and_words_about_themselves(db: Connection, make: Make) -> None:
    person = make.user()
    profiles.change(db, person, profiles.SettingsFields(name=" Ada  L. ", bio="Counts.\n", wants_mail=False))
    own = profiles.own(db, person)
    assert (own.name, own.bio, own.wants_mail) == ("Ada L.", "Counts.", False)
    assert profiles.get(db, person.handle).name == "Ada L."
    with pytest.raises(Invalid, match="people who run"):
        profiles.change(db, person, profiles.SettingsFields(name="Moderator"))
    with pytest.raises(Forbidden, match="suspended"):
        profiles.change(db, make.user(status="suspended"), profiles.SettingsFields(name="Ada"))


def test_a_deleted_person_has_no_public_page(db: Connection, make: Make) -> None:
    person = make.user(status="deleted")
    with pytest.raises(NotFound):
        profiles.get(db, person.handle)
