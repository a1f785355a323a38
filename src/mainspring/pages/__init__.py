"""Pages for people and cards for hubs: templates in which whatever others wrote is shown as it is.

A page is one HTML file that needs nothing else and runs no scripts; all extend `base.html.jinja` and look as
`base.css` says. A card is Markdown. Imports jinja2 when the first template is wanted, and nothing of Mainspring.
"""

from mainspring.pages.html import Fact, html_template
from mainspring.pages.markdown import Markdown, escaped, markdown_template

__all__ = ["Fact", "Markdown", "escaped", "html_template", "markdown_template"]
