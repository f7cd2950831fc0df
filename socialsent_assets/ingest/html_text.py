"""Text of the HTML that some sources write by contract: tags off, entities resolved, paragraphs as line breaks.

Not here: markup in texts of sources that promise plain text; scoring deals with that (domain/language/).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = {"br": "\n", "p": "\n\n", "div": "\n", "li": "\n", "blockquote": "\n", "tr": "\n", "pre": "\n"}
_HIDDEN = {"script", "style"}
_THREE = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # the ampersand last: "&amp;lt;" is "&lt;"
_MANY_BREAKS = re.compile(r"\n{3,}")


def text_of_html(html: str) -> str:
    r"""The text that a reader of the page would see.

    >>> text_of_html("<p>Lovely &amp; <b>new</b></p><p>tram<br/>line</p>")
    'Lovely & new\n\ntram\nline'
    """
    if "<" not in html and "&" not in html:
        return html
    reader = _Text()
    reader.feed(html)
    reader.close()
    return _MANY_BREAKS.sub("\n\n", "".join(reader.parts)).strip()


def unescaped(text: str) -> str:
    """Plain text of which a source has escaped `&`, `<` and `>` and nothing else."""
    if "&" in text:
        for escape, sign in _THREE:
            text = text.replace(escape, sign)
    return text


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BREAKS and self.parts:
            self.parts.append(_BREAKS[tag])

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
