"""The prose template: what it prints is never parsed as markup, and a missing name is an error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import words
from helpers.brief import nodes
from helpers.brief.nodes import NO_BREAK
from helpers.brief.plain import anchor, breakable, clean, printable
from helpers.brief.template import Text, render
from helpers.facts import Facts
from helpers.figures import wording
from helpers.figures.wording import Known, WordsError
from helpers.parameters import Parameters


def filled(tmp_path: Path, markdown: str, **names: object) -> list[nodes.Node]:
    path = tmp_path / "template.md"
    path.write_text(markdown, encoding="utf-8")
    return render(path, names).filled("html", lambda fact: f"evidence-{fact.name}")


def test_printed_text_is_words_and_nothing_else(tmp_path: Path) -> None:
    hostile = "*a* <b>c</b> [d](e) @f $g$ # h {{ 7*7 }} {% x %} `i` #let j = 1"
    blocks = filled(tmp_path, "Before {{ text }} after.\n", text=hostile)
    assert [node["t"] for node in blocks] == ["Para"]
    assert {node["t"] for node in blocks[0]["c"]} == {"Str", "Space"}
    assert nodes.plain_text(blocks) == f"Before {hostile} after."


def test_a_forged_mark_stands_for_nothing(tmp_path: Path) -> None:
    blocks = filled(tmp_path, "{{ secret }} {{ text }}\n", secret="hidden", text="\ue0000\ue001")
    assert nodes.plain_text(blocks) == "hidden \u25a10\u25a1"


def test_a_fact_is_a_link_to_its_evidence_and_keeps_the_words_around_it(tmp_path: Path) -> None:
    facts = Facts()
    facts.add("pause.attacks", 1, unit="incidents", incidents=["i"])
    blocks = filled(
        tmp_path, "({{ F['pause.attacks'] }}) *{{ n(F['pause.attacks'], 'attack') }}s*\n", F=facts, n=wording.count
    )
    assert nodes.plain_text(blocks) == "(1) one attacks"
    links = [node for node in blocks[0]["c"] if node["t"] == "Link"]
    assert links[0]["c"][2][0] == "#evidence-pause.attacks"


def test_a_macro_of_the_template_keeps_its_facts(tmp_path: Path) -> None:
    blocks = filled(tmp_path, "{% macro m(x) %}a *{{ x }}* b{% endmacro %}{{ m('*c*') }}\n")
    assert nodes.plain_text(blocks) == "a *c* b"
    assert "Emph" in {node["t"] for node in blocks[0]["c"]}


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("\n\n{{ nothing }}\n", "template.md, line 3: 'nothing' is undefined"),
        ("One.\n\n{% if true %}\n{{ F['pause.atacks'] }}\n{% endif %}\n", "line 4: no fact is named 'pause.atacks'; "
         "the nearest is 'pause.attacks'"),
        ("One.\nOf 14 attacks.\n", "line 2: the number '14' is typed by hand"),
        ("One {% if true %}\n", "template.md, line"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_section_is_told_with_its_line(tmp_path: Path, markdown: str, said: str) -> None:
    facts = Facts()
    facts.add("pause.attacks", 1, unit="incidents")
    with pytest.raises(WordsError, match=re.escape(said)):
        filled(tmp_path, markdown, F=Known(facts))


def test_numbers_that_are_no_prose_are_no_fault(tmp_path: Path) -> None:
    text = "# A {#a-1}\n\n{% if 2 > 1 %}\nSee `x1` and [this](#a-1), [Tower 22]{.name}.<# 3 #>\n{% endif %}\n"
    assert nodes.plain_text(filled(tmp_path, text)[1:]) == "See x1 and this, Tower 22."


def test_lines_of_tags_alone_leave_no_line(tmp_path: Path) -> None:
    blocks = filled(tmp_path, "One\n{% if true %}\ntwo.\n{% endif %}\nThree.\n")
    assert [node["t"] for node in blocks] == ["Para"]


def test_a_table_of_facts_keeps_its_links_is_numbered_and_numbers_stand_right(tmp_path: Path) -> None:
    facts = Facts()
    facts.add("a.b", 12, unit="incidents", note="made up")
    table = "| What | How many |\n|:---------|-----:|\n| {{ bar }} | {{ F['a.b'] }} |\n\n: All of it\n"
    made = filled(tmp_path, table, F=facts, bar="a | b")[0]
    assert nodes.plain_text(made["c"][1]) == f"Table{NO_BREAK}1. All of it"
    assert [cell[0][1] for cell in made["c"][3][1][0][1]] == [[], ["right"]]
    assert "#evidence-a.b" in str(made)


def test_an_interval_in_words() -> None:
    facts = Facts()
    for name, low, high in (("a", 0.1, 0.5), ("b", 0.1, None), ("c", None, 2.0), ("d", None, None)):
        facts.add(f"{name}.low", low, unit="ratio")
        facts.add(f"{name}.high", high, unit="ratio")
    ranged = wording.names(facts, Parameters())["range"]
    told = [wording.as_text(ranged(name)) for name in "abcd"]
    assert told == ["0.10 to 0.50", "0.10 or more", "up to 2.0", "no interval"]


def test_a_block_within_a_line_is_an_error(tmp_path: Path) -> None:
    class Block:
        def blocks(self, form: str) -> list[nodes.Node]:
            return [{"t": "Para", "c": nodes.words("block")}]

    assert nodes.plain_text(filled(tmp_path, "{{ x }}\n", x=Block())) == "block"
    with pytest.raises(ValueError, match="paragraph of its own"):
        filled(tmp_path, "word {{ x }}\n", x=Block())


def test_spaces_at_the_ends_of_a_value_are_kept() -> None:
    tree = {"blocks": [{"t": "Para", "c": [nodes.string("a\ue0000\ue001b")]}]}
    assert nodes.plain_text(Text(tree, [" and "]).filled("html", lambda fact: None)) == "a and b"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "no attacks"), (1, "one attack"), (9, "nine attacks"), (10, "ten attacks"), (1200, "1,200 attacks")],
)
def test_counts_read_right(value: int, said: str) -> None:
    fact = Facts().add("a", value, unit="incidents")
    phrase = wording.count(fact, "attack")
    head, noun = phrase.parts
    assert isinstance(head, wording.Printed)
    assert head.text + str(noun) == said
    assert words.amount(value, "attack") == said


def test_lists_read_right() -> None:
    assert wording.listing(["a", "b"]).parts == ("a", " and ", "b")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ratio 0.38, 95% interval 0.21 to 0.66, rarer", ["95% interval", "0.21 to 0.66,"]),
        ("(95% interval −13 points to +17 points).", ["(95% interval", "−13 points", "+17 points)."]),
        ("on 24 November 2023 to 1 December 2023", ["24 November", "1 December"]),
        ("from 12 attacks in 32 days to rockets", ["12 attacks", "32 days"]),
        ("let j = 1 be less to come than drones to two", []),
    ],
)
def test_a_line_does_not_end_within_a_number_and_what_belongs_to_it(tmp_path: Path, text: str, kept: list[str]) -> None:
    """Of all spaces those of `kept` alone are such that no line ends there, also where a link begins or ends."""
    expected = text
    for part in kept:
        expected = expected.replace(part, part.replace(" ", NO_BREAK))
    fact = Facts().add("a.b", 0.86, unit="ratio", text=text, note="made up")
    for printed in (text, fact):
        assert nodes.plain_text(filled(tmp_path, "{{ it }}\n", it=printed)) == expected
    linked = [Facts().add("a.b", word, unit="text", note="made up") for word in text.split(" ")]
    phrase = wording.Phrase(tuple(part for fact in linked for part in (fact, " "))[:-1])
    assert nodes.plain_text(filled(tmp_path, "{{ it }}\n", it=phrase)) == expected


@settings(max_examples=200, deadline=None)  # the first call reads the fonts
@given(st.text(max_size=80))
def test_clean_text_is_one_line_without_steering_signs(text: str) -> None:
    shown = clean(text)
    assert shown == clean(shown)
    assert not any(ord(sign) < 32 or 0x202A <= ord(sign) <= 0x202E or 0xE000 <= ord(sign) <= 0xF8FF for sign in shown)
    assert printable(shown).isprintable() or shown


def test_long_words_can_break_and_long_text_is_cut() -> None:
    assert clean("x" * 500, 300) == "x" * 299 + "…"
    assert max(map(len, breakable("x" * 500).split("\u200b"))) == 20
    assert breakable("ordinary words") == "ordinary words"


def test_anchors_leave_ordinary_ids_and_hold_no_strange_sign() -> None:
    assert anchor("2023-10-18-al-asad-1") == "2023-10-18-al-asad-1"
    assert anchor('a" onclick="x') == "a_22__20_onclick_3d__22_x"
