"""The page of docs/javascript.md: its script runs as printed, and what the text promises holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from javascript_in_node import needs_node, run_script
from test_javascript_calls import REFUSED

from unmask.engine.targets.javascript import javascript_module
from unmask.model.catalogue import load

PAGE = (Path(__file__).parents[2] / "docs" / "javascript.md").read_text(encoding="utf-8")

# As much of a document as the script uses. Prints what it would show, before and after a slider is moved.
BROWSER = """
class Element {
  constructor(name) { Object.assign(this, { name, children: [], attributes: {}, listeners: {} }); }
  append(...more) { this.children.push(...more); }
  replaceChildren(...more) { this.children = more; }
  setAttribute(key, value) { this.attributes[key] = value; }
  addEventListener(event, listener) { this.listeners[event] = listener; }
}
const known = {};
globalThis.document = {
  createElement: (name) => new Element(name),
  createElementNS: (space, name) => new Element(name),
  getElementById: (id) => (known[id] ??= new Element(id)),
};
const seen = () => ({
  text: known.text.textContent,
  lines: known.plot.children.map((line) => [line.attributes.class, line.attributes.points]),
  sliders: known.sliders.children.map(({ children: [text, , output] }) => [text, output.textContent]),
});
await import(MODULE);
const before = seen();
const slider = known.sliders.children[0].children[1];
slider.value = slider.max;
slider.listeners.input();
console.log(JSON.stringify([before, seen()]));
"""


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return str(found)


@needs_node
def test_the_script_of_the_page_runs_as_printed(tmp_path: Path) -> None:
    (tmp_path / "core.js").write_text(javascript_module(load("core")).code, encoding="utf-8")
    (tmp_path / "page.js").write_text(block("js"), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    address = json.dumps((tmp_path / "page.js").as_uri())
    before, after = json.loads(run_script(BROWSER.replace("MODULE", address)))
    assert [name for name, _ in before["lines"]] == ["untreated", "treated"]
    for _, points in before["lines"]:
        assert len(points.split()) == 106
    assert len(before["sliders"]) == 4 and before["sliders"][0][1].endswith(" 1/day")
    sizes = [[float(size) for size in re.findall(r"([\d.]+) mm", shown["text"])] for shown in (before, after)]
    assert all(len(pair) == 2 for pair in sizes)
    assert sizes[0][1] < sizes[0][0] < sizes[1][0]  # treated is smaller; faster growth is larger
    assert load("core").hash in before["text"]


def test_the_page_has_a_strict_policy_and_nothing_inside_that_it_forbids() -> None:
    html = block("html")
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in html
    assert re.search(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|<style", html) is None
    assert "never for treatment decisions" in html


@pytest.mark.parametrize("name", ["until", "outputEvery", "times", "from", "doses", "changes", "maxSteps"])
def test_every_option_is_explained(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", PAGE, flags=re.MULTILINE)


def test_the_refusals_counted_are_those_tested() -> None:
    counted = re.search(r"(\d+) refusals", PAGE)
    assert counted is not None and int(counted[1]) == len(REFUSED) + 2  # and NaN and infinity
