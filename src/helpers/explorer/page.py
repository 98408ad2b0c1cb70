"""The explorer: one HTML file that opens from a disk, asks nothing of a network, and filters all its views together.

How it is built. One JSON value (`helpers.explorer.payload`) and the page's own scripts, style and fonts: no library.
The charts are SVG drawn anew from the state; the lists of filters are bars behind real checkboxes, since a checkbox
with a label and a number is a chart that keyboards and screen readers already know how to use. What ties the views
together is that state, held in the address; each change is evaluated anew over all attacks.

The page's security policy allows only the script that is embedded here, by its hash: no `eval`, no connection, no
image. Text from sources reaches the page as data and is only ever put in as text.
"""

from __future__ import annotations

from pathlib import Path

import jinja2
from markupsafe import Markup

from helpers.brief.web import digest, font_faces, in_script, in_the_dark
from helpers.explorer.payload import payload
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.stretches import span_text
from helpers.vocabulary import CONFIRMATION, countries, weapons
from helpers.words import listing

_HERE = Path(__file__).parent

#: The page's scripts, in the order in which they are joined to one module.
SCRIPTS = ("state.js", "charts.js", "map.js", "table.js", "main.js")

DARK_PAPER = "#15171a"

#: The figures' colours, on paper and on a dark screen; page.css has those that are the page's alone.
PLAIN = {
    "paper": (style.PAPER, DARK_PAPER),
    "ink": (style.INK, "#eceff1"),
    "muted": (style.MUTED, "#a9b0b6"),
    "grid": (style.GRID, "#2c3035"),
    "band": (style.BAND, "#3a3420"),
    "accent": (style.ACCENT, "#f4604f"),
}


def _variables(reference_dir: str) -> str:
    """Return all colours as CSS variables, for light and for dark screens."""
    data = {f"weapon-{code}": weapon.colour for code, weapon in weapons(reference_dir).items()}
    data |= {f"country-{code}": country.colour for code, country in countries(reference_dir).items()}
    data |= {f"confirmation-{code}": style.CONFIRMATION_COLOURS.get(code, style.GRID) for code in CONFIRMATION}
    pairs = PLAIN | {name: (colour, in_the_dark(colour[1:])) for name, colour in data.items()}
    light, dark = ("".join(f"--{name}:{pair[side]};" for name, pair in pairs.items()) for side in (0, 1))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def _fonts() -> str:
    """Return the brief's faces that the page sets, embedded: upright, the bold ones in sans alone."""
    faces = font_faces().splitlines(keepends=True)
    return "".join(face for face in faces if "italic" not in face and not ("Serif" in face and "weight:600" in face))


def html(clean_dir: str, parameters: Parameters) -> str:
    """Return the page as text; the same tables and parameters give the same text."""
    data = payload(clean_dir, parameters)
    known = {code: country.name for code, country in countries(parameters.reference_dir).items()}
    days = span_text(parameters.window_start, parameters.window_end)
    usual = [days, *([] if set(parameters.countries) == set(known) else [known[code] for code in parameters.countries])]
    if parameters.confirmed_by != "anyone":
        usual.append(f"confirmed by {parameters.confirmed_by} or better")
    script = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    shown = {option["code"] for option in data["options"]["weapon"]}
    here = {site["country"] for site in data["options"]["site"]}
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        (_HERE / "page.html").read_text(encoding="utf-8")
    )
    return template.render(
        policy=f"default-src 'none'; script-src {digest(script)}; style-src 'unsafe-inline'; font-src data:; "
        "base-uri 'none'; form-action 'none'",
        style=Markup(
            _fonts() + _variables(parameters.reference_dir) + (_HERE / "page.css").read_text(encoding="utf-8")
        ),
        script=Markup(script),
        data=Markup(in_script(data)),
        legend=[(code, weapon.label) for code, weapon in weapons(parameters.reference_dir).items() if code in shown],
        where=listing(words for code, words in known.items() if code in here or code in parameters.countries),
        coded="Rows were coded from public reports by language models that followed a codebook; the brief says what "
        "that means for their use."
        if parameters.coded_dir == Parameters().coded_dir
        else f"Rows are those of the coded sheets in {parameters.coded_dir}.",
        days=days,
        usual=", ".join(usual),
    )


def build(clean_dir: str, path: str | Path, parameters: Parameters) -> Path:
    """Write the explorer to `path` from the clean tables in `clean_dir`; return the path.

    It opens on what `parameters` count (window, countries, confirmation) and holds all incidents.

    Raises
    ------
    FileNotFoundError
        If the incidents, reports, sources or sites have not been built.
    """
    target = resolve(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(html(clean_dir, parameters), encoding="utf-8")
    return target
