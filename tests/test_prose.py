"""The brief's words stay true under any parameters: each kind of sentence is checked by an oracle of its own."""

from __future__ import annotations

import os
import re
from typing import Any
from unittest.mock import patch

import pytest
import statements
import textstat
from briefs import KNOWN, Brief, brief, known, made, settings_for
from conftest import ROOT
from oracle import Record

from helpers.parameters import Parameters

#: Random sets of parameters in `make soak`, at some ten seconds of processor each; BRIEF_SETS=300 tries more.
SETS = int(os.environ.get("BRIEF_SETS", "20"))

#: Sets tried in every test run; the others of `KNOWN`, and random ones, stand with the soak tests.
FEW = ("default", "jordan", "one_missile")
#: Kinds met by every run over all sets, gathered on the way.
MET: set[str] = set()


def faults(one: Brief, settings: dict[str, Any]) -> list[str]:
    """Return what the text and the figures' words of a brief state wrongly."""
    record = Record(settings)
    found = statements.wrong(one.text, record, MET) + statements.unsaid(one.text, record)
    for name, words in one.figures.items():
        told = "\n".join(words.values())
        found += [f"figure {name}: {fault}" for fault in statements.wrong(told, record, MET)]
    return found


def tried(seeds: range) -> None:
    found = []
    for seed in seeds:
        settings = settings_for(seed)
        try:
            found += [f"seed {seed}: {fault}" for fault in faults(made(settings), settings)]
        except Exception as error:
            raise AssertionError(f"seed {seed}, {Parameters(**settings).differing()}") from error
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", FEW)
def test_the_brief_says_what_the_data_says(name: str) -> None:
    assert faults(brief(name), known(name)) == []


def test_words_stay_true_under_random_parameters() -> None:
    tried(range(1))


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(set(KNOWN) - set(FEW)))
def test_sets_that_once_gave_false_sentences_give_none(name: str) -> None:
    assert faults(brief(name), known(name)) == []


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SETS // 10))
def test_words_stay_true_under_many_random_parameters(part: int) -> None:
    tried(range(1000 + 10 * part, 1010 + 10 * part))


#: Sentences that were once printed, or their like: the set under which each is false, and the kind that must see it.
FALSE = (
    ("default", "two spaces", "There were  two attacks."),
    ("default", "what is left of the template", "There were {{ number }} attacks."),
    ("default", "a part is no more than its whole", "Of these, 9 of 7 are in Syria."),
    ("default", "a share is no more than all", "The two gravest account for 104% of these people."),
    ("jordan", "a total was told for that day", "Officials’ totals stood at 0 on 16 October 2023 and at 1 later."),
    ("jordan", "a number expected is at least one", "No attack in seven days, where 0.054 would be expected."),
    ("default", "a span of days has its length", "It rose by one in nine days (24 to 30 November 2023)."),
    ("default", "an interval holds its estimate", "The ratio is 0.07 (0.1 to 0.5)."),
    ("default", "a rate that fell is lower", "Attacks were rarer, 2.1 a day against 1.9 before."),
    ("default", "an interval goes with the words", "A fall is not shown (rate ratio 5.4, 95% interval 1.8 to 18)."),
    ("default", "an interval goes with the words", "Attacks were rarer (rate ratio 0.6, 95% interval 0.3 to 1.3)."),
    ("us_officials", "what went on goes on to the end", "Attacks became rarer, but they did not end."),
    ("syria", "what was said of all is not put to one country",
     "Attacks on US and coalition forces in Syria were said to have climbed to ballistic missiles."),
    ("one_missile", "several have what is theirs", "With one missile, no: one missile doubling their share."),
    ("three_weeks", "what follows has something before it", "Nor do officials’ totals show a fall."),
    ("three_weeks", "no test without ten stretches beside each other", "Set against every stretch of its length."),
    ("default", "attacks on record in a stretch of days", "Two attacks are on record in seven days."),
    ("default", "what would be expected", "One attack is on record in seven days, where about 25 were to be expected."),
    ("default", "attacks missing for no fall", "For there to be no fall, four attacks would have to be missing."),
    ("christmas", "attacks were rarer in the pause", "Attacks were rarer in the pause."),
    ("pause_after_stop", "attacks were rarer in the pause", "Attacks all but stopped in the pause."),
    ("default", "a fall is not shown", "A fall of attacks in the Gaza ceasefire is not shown."),
    ("default", "a row of the pause and of the stop", "| On record in Syria | 2 | 7 | 9.7 | 0.1 | 2 | shown |"),
    ("default", "a finding is that of its interval", "| Totals | 1 | 7 | 11 | 0.5 (0.1 to 1.4) | 2 | shown |"),
    ("default", "attacks after officials’ last",
     "Officials counted none after 4 February; 21 of the 29 came after that day, 19 on media alone."),
    ("us_officials", "officials counted no more", "Whether they ended is disputed."),
    ("before_stop", "officials counted no more", "Whether they ended is disputed."),
    ("default", "attacks on record", "243 attacks on record; US officials confirm 94"),
    ("default", "missiles of a stated kind", "Three attacks with missiles of a stated kind are on record."),
    ("jordan", "missiles of a stated kind", "One attack with missiles of a stated kind is on record."),
    ("default", "none with missiles", "No missile of a stated kind is on record."),
    ("default", "missiles before and after the pause",
     "| And all that any source calls so | 20 of 95 | 49 of 142 | shown |"),
    ("default", "missiles before and after the pause",
     "| And all that any source calls so | 20 of 95 | 50 of 142 | not shown |"),
    ("default", "missiles before and after the pause",
     "| And those of no stated kind | 1 of 95 | 7 of 142 | shown |"),
    ("default", "too few to set missiles side by side", "Missiles before and after the pause cannot be compared."),
    ("syria", "missiles grew commoner in the widest count alone",
     "Counting every attack that any one source says was made with missiles, they did."),
    ("default", "the killed", "Four US or coalition members were killed."),
    ("default", "the gravest attack", "The gravest attack was at Ain al-Asad Air Base on 18 October."),
    ("default", "officials’ total of injured", "Officials counted 91 injured by 13 February."),
    ("syria", "officials’ total of injured", "Officials counted 183 injured by 13 February."),
    ("default", "the injured on record", "Reports that can be tied to single attacks account for 183."),
    ("default", "no range of the injured leaves officials out",
     "The injured would be 54; the highest number on record is 94."),
    ("default", "US strikes", "24 US strikes are reported, 23 of them by two or more."),
    ("default", "no US strike", "No US strike is reported in these days and countries."),
    ("default", "attacks by confirmation", "| A US official | 95 |"),
    ("default", "attacks of a month", "| November 2023 | 64 | 46 to 47 | 38 |"),
    ("default", "chance proves nothing", "That is no more of a change than chance would give."),
    ("default", "none is named", "The ratio is undefined, the day None."),
    ("default", "nothing in parentheses", "By one source ()."),
    ("default", "stops and commas", "In Iraq, , and in Syria."),
    ("default", "a word twice", "Attacks on on bases."),
    ("default", "one has no plural", "One attacks is on record."),
    ("default", "several have one", "Three attack are on record."),
    ("default", "article", "By an US official."),
    ("default", "one are", "One were made with a missile."),
    ("default", "a list of nothing", "The attacks were most often on ."),
)  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "sentence"), FALSE, ids=[f"{kind}-{name}" for name, kind, _ in FALSE])
def test_a_false_sentence_is_noticed(name: str, kind: str, sentence: str) -> None:
    found = statements.wrong(sentence, Record(known(name)))
    assert kind in {fault.split(":")[0] for fault in found}


def test_every_kind_is_met_by_a_brief_or_by_a_false_sentence() -> None:
    """A kind that nothing matches checks nothing: its pattern no longer fits the prose."""
    for name in FEW:
        faults(brief(name), known(name))
    noticed = {kind for _, kind, _ in FALSE}
    assert {one.name for one in statements.KINDS} - MET - noticed == set()


@pytest.mark.soak
def test_another_run_says_at_its_head_what_differs() -> None:
    usual = brief("default").facts
    settings = {**known("default"), "countries": ["IQ"], "confirmed_by": "us_official"}
    text = made(settings, usual).text
    assert "This is not the default brief" in text
    assert re.search(r"countries \| Iraq \| Iraq, Syria and Jordan", text)
    assert re.search(r"confirmed by \| us official \| anyone", text)
    assert "This is not the default brief" not in made({**known("default"), "resamples": 9999}).text


def test_the_prose_types_no_number_and_calls_no_text_safe() -> None:
    for path in [*(ROOT / "report/sections").glob("*.md"), ROOT / "report/brief.md", ROOT / "report/figures.md"]:
        source = path.read_text(encoding="utf-8")
        prose = re.sub(
            r"\[[^\]]*\]\{\.name\}|\]\([^)]*\)|\{%.*?%\}|\{\{.*?\}\}|<#.*?#>|\{#[^}]*\}|`[^`]*`|\{[:.][^}]*\}",
            "",
            source,
            flags=re.DOTALL,
        )
        assert re.findall(r"\d+", prose.replace("95%", "")) == [], path.name  # the level is no number of the record
        assert "safe" not in re.findall(r"\|\s*(\w+)", source), path.name
        assert not re.search(r"[A-Za-z]'[a-z]|\"\w", prose), f"straight quotes in {path.name}"


#: Most words of a sentence, and most numbers within its parentheses.
LONGEST, ASIDE = 35, 2


@pytest.mark.parametrize("name", FEW)
def test_no_sentence_is_long_or_heavy_with_numbers_in_parentheses(name: str) -> None:
    words = brief(name).figures["head"]
    prose = [line for line in brief(name).text.splitlines() if not line.startswith(("|", "#", ": "))]
    said = [one for line in [*prose, *words.values()] for one in re.split(r"(?<=[.?!])[)”]? (?=[A-Z\d“(])", line)]
    assert len(said) > 50
    assert [one for one in said if len(one.split()) > LONGEST] == []
    aside = {one: len(re.findall(r"\d[\d.,]*", " ".join(re.findall(r"\(([^()]*)\)", one)))) for one in said}
    assert {one: many for one, many in aside.items() if many > ASIDE} == {}


def lead(name: str) -> str:
    """Return the first paragraph of the brief of a known set."""
    return next(line for line in brief(name).text.splitlines() if "No comparison here shows a cause." in line)


@pytest.mark.parametrize("name", FEW)
def test_the_lead_is_short_and_reads_easily(name: str) -> None:
    """Grades by three formulas; syllables by hyphenation, since the dictionary of sounds needs a network."""
    assert len(lead(name).split()) <= 120
    with patch("textstat.backend.counts._count_syllables.get_cmudict", lambda language: None):
        measures = (textstat.flesch_kincaid_grade, textstat.automated_readability_index, textstat.coleman_liau_index)
        assert [measure.__name__ for measure in measures if measure(lead(name)) > 11] == []


def test_the_readme_says_what_the_first_page_says() -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8").split("## What was found\n")[1].split("\n[![")[0]
    found = [
        re.sub(r"[-*]{2,}", "", " ".join(one.split())) for one in re.findall(r"(?ms)^- (.+?)$(?=\n- |\n*\Z)", told)
    ]
    first_page = brief("default").text.split("\n# ")[0].splitlines()
    printed = first_page[-len(found) :]
    assert len(found) == 4
    assert found == printed, "write into the README what the first page says now"
