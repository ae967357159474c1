"""The model in a Jupyter notebook: `view(package, colour_by=...)`. Needs the extra `notebook`.

See docs/notebook.md.
"""

from twin.notebook.view import ModelView, view

__all__ = ["ModelView", "view"]
