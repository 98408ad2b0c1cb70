"""The explorer: one HTML file that opens from a disk, asks nothing of a network, and filters all its views together.

How it is built. The drawn views (timeline, people hurt, map) are Vega-Lite specifications made with Altair; Vega's
scripts are embedded from vl-convert's bundle. The table is DataTables, from the bundle in the itables wheel. The lists
of filters (weapon, who confirms, country, people hurt, site) are *not* drawn by Vega: they are bars behind real
checkboxes, since a checkbox with a label and a number is a chart that keyboards and screen readers already know how to
use, and a bar in an SVG is not. What ties the views together is one state, held in the address; with a few hundred
rows each change is evaluated anew over all of them in a millisecond, so that no crossfilter index is needed.

The page's security policy allows only the scripts that are embedded here, by their hashes: no `eval` (Vega evaluates
its expressions by its interpreter), no connection, no image. Text from sources reaches the page as data and is only
ever put in as text.
"""

from __future__ import annotations

import base64
import colorsys
import hashlib
import re
from pathlib import Path

import itables
import jinja2
import vl_convert

from helpers.brief.web import font_faces
from helpers.colours import luminance
from helpers.explorer import charts
from helpers.explorer.payload import colours, payload, script_json
from helpers.figures import style
from helpers.figures.style import day_text
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.vocabulary import COUNTRIES, weapons

_HERE = Path(__file__).parent

#: The page's own scripts, in the order in which they are joined to one module.
SCRIPTS = ("state.js", "views.js", "table.js", "main.js")

DARK_PAPER = "#15171a"

#: Colours that are not data, on paper and on a dark screen.
PLAIN = {
    "paper": (style.PAPER, DARK_PAPER),
    "ink": (style.INK, "#eceff1"),
    "muted": (style.MUTED, "#a9b0b6"),
    "grid": (style.GRID, "#2c3035"),
    "rule": ("#c9ccd0", "#454b52"),
    "control": ("#80868b", "#80868b"),
    "soft": ("#f4f4f2", "#23272c"),
    "band": (style.BAND, "#3a3420"),
    "band-ink": ("#6b5a1e", "#d8c88a"),
    "link": ("#0b57a4", "#8ab8f0"),
    "off": ("#e4e5e7", "#2f3439"),
    "land": ("#f6f4ef", "#22262b"),
    "sea": ("#e9edf0", "#1a1d21"),
    "border": ("#b9b4a8", "#59606a"),
    "us": (style.ACCENT, "#ef7d6f"),
    "partner": ("#6f7780", "#9aa3ab"),
}


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2), from 1 to 21."""
    low, high = sorted((luminance(*_rgb(one)), luminance(*_rgb(other))))
    return (high + 0.05) / (low + 0.05)


def on_dark(colour: str) -> str:
    """Return `colour` for a dark screen: greys mirrored, so that the strongest stays so; others lightened to 3:1."""
    hue, light, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    if saturation < 0.12:
        light = min(1.0, 1.03 - 0.86 * light)
    made = colour
    for step in range(100):
        lightness = min(1.0, light + step / 100)
        made = "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))
        if saturation < 0.12 or contrast(made, DARK_PAPER) >= 3:
            break
    return made


def _fonts() -> str:
    """Return the brief's faces that the page sets, embedded: upright, the bold ones in sans alone."""
    faces = font_faces().splitlines(keepends=True)
    return "".join(face for face in faces if "italic" not in face and not ("Serif" in face and "weight:600" in face))


def _variables(reference_dir: str) -> str:
    data = {name: (colour, on_dark(colour)) for name, colour in colours(reference_dir).items()}
    light, dark = ("".join(f"--{name}:{pair[side]};" for name, pair in {**PLAIN, **data}.items()) for side in (0, 1))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def _datatables() -> str:
    """Return DataTables as a script that sets ``window.DataTable`` (the bundle of itables, without its stylesheet)."""
    bundle = (Path(itables.__file__).parent / "html" / "dt_bundle.js").read_text(encoding="utf-8")
    found = re.search(r"export\{[^}]*?([\w$]+) as default[^}]*\};?", bundle)
    if found is None:
        raise ValueError("the DataTables bundle of itables exports no default: its form has changed")
    return bundle[: found.start()] + f"window.DataTable={found.group(1)};" + bundle[found.end() :]


def _script(text: str) -> str:
    """Return a script as it may stand in a page: nothing in it closes the element."""
    return re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE).replace("<!--", "<\\!--")


def _policy(scripts: list[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    rest = "style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {rest}"


def _usual_words(parameters: Parameters) -> str:
    words = f"{day_text(parameters.window_start)} to {day_text(parameters.window_end)}"
    if set(parameters.countries) != set(COUNTRIES):
        words += ", " + " and ".join(COUNTRIES[code] for code in parameters.countries)
    return words + (
        "" if parameters.confirmed_by == "anyone" else f", confirmed by {parameters.confirmed_by} or better"
    )


def html(clean_dir: str, parameters: Parameters) -> str:
    """Return the page as text; the same tables and parameters give the same text."""
    data = payload(clean_dir, parameters)
    west, south, east, north = charts.EXTENT
    data["extent"] = {"west": west, "south": south, "east": east, "north": north}
    data["countryNames"] = [
        {"label": "Syria", "longitude": 37.6, "latitude": 34.85},
        {"label": "Iraq", "longitude": 45.2, "latitude": 34.5},
        {"label": "Jordan", "longitude": 36.7, "latitude": 32.1},
    ]
    own = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    # Vega, the largest, comes last: filters, counts and table answer before the pictures are drawn.
    vega = vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed; dispatchEvent(new Event("vega"));', None)
    scripts = [_script(text) for text in (_datatables(), own, vega)]
    shown = {option["code"] for option in data["options"]["weapon"]}
    template = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined).from_string(
        (_HERE / "page.html").read_text(encoding="utf-8")
    )
    return template.render(
        policy=_policy(scripts),
        style=_fonts() + _variables(parameters.reference_dir) + (_HERE / "page.css").read_text(encoding="utf-8"),
        scripts=scripts,
        data=script_json(data),
        charts=script_json(charts.specifications()),
        legend=[(code, weapon.label) for code, weapon in weapons(parameters.reference_dir).items() if code in shown],
        first=day_text(parameters.window_start),
        last=day_text(parameters.window_end),
        usual=_usual_words(parameters),
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
