"""A report as one HTML page that needs no network, and as Markdown with its pictures beside it."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .report_parts import Block, Grid, Lines, Picture, Report, Words

PICTURES: Final = "pictures"
PAGE, MARKDOWN = "report.html", "report.md"

_STYLE: Final = """
body{font-family:"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",system-ui,sans-serif;color:#222;line-height:1.5;
max-width:66rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ccc;padding-bottom:.2rem}
h1 small,h2 small{font-weight:normal;color:#666;margin-left:.6rem}
p span{display:block}p span+span,figcaption span+span{color:#666;font-size:.92em}
figure{margin:1.2rem 0}figure svg{max-width:100%;height:auto}figcaption span{display:block}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem;border-bottom:1px solid #e3e3e3;text-align:left;vertical-align:top;white-space:nowrap}
td.long{white-space:normal;min-width:18rem}
th{border-bottom:2px solid #999;white-space:normal;vertical-align:bottom;word-break:keep-all}td.n,th.n{text-align:right}
pre{background:#f5f5f5;padding:.7rem;overflow-x:auto;font-size:.86rem}
@media print{body{max-width:none}figure,tr{break-inside:avoid}}
"""
LONG: Final = 44  # characters from which a cell may break


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write page, Markdown and pictures into a folder; the two files."""
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                _write(pictures / f"{block.name}.svg", block.svg)
    _write(folder / PAGE, html_page(report))
    _write(folder / MARKDOWN, markdown_page(report))
    return folder / PAGE, folder / MARKDOWN


def html_page(report: Report) -> str:
    """One page, pictures and style inside."""
    parts = [
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{html.escape(report.zh)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(report.zh)}<small>{html.escape(report.en)}</small></h1>"
    ]
    for section in report.sections:
        parts.append(f"<h2>{html.escape(section.zh)}<small>{html.escape(section.en)}</small></h2>")
        parts += [_html(block) for block in section.blocks]
    return "\n".join([*parts, "</body>\n</html>\n"])


def _html(block: Block) -> str:
    if isinstance(block, Words):
        return f"<p>{_both(block.zh, block.en)}</p>"
    if isinstance(block, Lines):
        return f"<pre>{html.escape(block.text)}</pre>"
    if isinstance(block, Picture):
        label = html.escape(f"{block.zh} / {block.en}", quote=True)
        svg = block.svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return f"<figure>{_own_names(svg, block.name)}<figcaption>{_both(block.zh, block.en)}</figcaption></figure>"
    head = "".join(
        f'<th class="n">{html.escape(name)}</th>' if at >= block.figures else f"<th>{html.escape(name)}</th>"
        for at, name in enumerate(block.header)
    )
    rows = "\n".join("<tr>" + "".join(_cells(row, block.figures)) + "</tr>" for row in block.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'


def _own_names(svg: str, prefix: str) -> str:
    """Ids of a picture with its name before them: on one page every id must be another."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)


def _both(zh: str, en: str) -> str:
    return f'<span>{html.escape(zh)}</span><span lang="en">{html.escape(en)}</span>'


def _cells(row: tuple[str, ...], figures: int) -> Iterator[str]:
    for at, cell in enumerate(row):
        kind = ' class="n"' if at >= figures else ' class="long"' if len(cell) > LONG else ""
        yield f"<td{kind}>{html.escape(cell)}</td>"


def markdown_page(report: Report) -> str:
    """The same for a repository: pictures are files beside it."""
    parts = [f"# {report.zh} / {report.en}\n"]
    for section in report.sections:
        parts.append(f"## {section.zh} / {section.en}\n")
        parts += [_markdown(block) for block in section.blocks]
    return "\n".join(parts)


def _markdown(block: Block) -> str:
    if isinstance(block, Words):
        return f"{block.zh}\n\n{block.en}\n"
    if isinstance(block, Lines):
        return f"```sh\n{block.text}\n```\n"
    if isinstance(block, Picture):
        return f"![{block.en}]({PICTURES}/{block.name}.svg)\n\n{block.zh}\n\n{block.en}\n"
    return _markdown_table(block)


def _markdown_table(grid: Grid) -> str:
    def row(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = "|" + "|".join("---:" if at >= grid.figures else "---" for at in range(len(grid.header))) + "|"
    return "\n".join([row(grid.header), rule, *map(row, grid.rows)]) + "\n"


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
