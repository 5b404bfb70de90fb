"""The pages that the proxy answers by itself. HAProxy reads them as log formats: `%[...]` is filled in per request."""

from types import MappingProxyType

# The host comes from the client: keep only what a host name can have.
_HOST = "%[req.hdr(host),lower,regsub([^a-z0-9.:-],,g)]"
_APP = "%[be_name]"


def _page(title: str, text: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:20vh auto 0;padding:0 1.5em;color:#223}"
        "h1{font-size:1.4em}p{color:#556}</style></head>"
        f"<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    )


FILES = MappingProxyType(
    {
        "unknown.html": _page(
            f"No such app: {_HOST}",
            "Nothing is deployed under this host name. Check its spelling, or add it to an app as a domain.",
        ),
        "stopped.html": _page(f"{_APP} is not running", "The app is known here, but no instance of it runs now."),
        "silent.html": _page(
            f"{_APP} does not answer", "Its instance accepts no connection. It may be starting again."
        ),
        "broken.html": _page(f"{_APP} gave no valid answer", "The app closed the connection or sent no valid HTTP."),
        "slow.html": _page(f"{_APP} took too long", "The app accepted the request and did not answer it in time."),
    }
)
