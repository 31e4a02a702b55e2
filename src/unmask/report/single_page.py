"""One self-contained HTML file from a template: style and pictures inside, no script, no request.

The page carries its own content-security policy, which names the hash of its only style sheet. Text is escaped; the
filter ``svg`` lets through what :mod:`unmask.report.drawing` has drawn, where every text is escaped already.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup


def render_page(template: str, style_sheets: tuple[str, ...], extra_style: str = "", **values: object) -> str:
    """Return the page of ``template`` with the style sheets joined; the same input gives the same bytes.

    ``values`` are what the template uses, beside ``style_sheet`` and ``policy``. Templates and style sheets lie in
    ``report/templates``.
    """
    style_sheet = "".join(_text(name) for name in style_sheets) + extra_style
    digest = base64.b64encode(hashlib.sha256(style_sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    page = _environment().get_template(template)
    return page.render(style_sheet=Markup(style_sheet), policy=policy, **values)


def _text(name: str) -> str:
    return files("unmask.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["svg"] = Markup
    return environment
