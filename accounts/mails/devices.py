"""Browser and system, by what a browser says of itself. For `facts`.

A table of those that people have, and no library of all there have been: it goes over a text that anybody may send, some
hundred patterns deep. What is not in it is left out of the mail.
"""

# The first that fits: most say that they are Chrome or Safari, too.
BROWSERS = (
    ("YaBrowser/", "Yandex Browser"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
LONGEST_READ = 1000


def browser(user_agent: str) -> str:
    return first(BROWSERS, user_agent)


def system(user_agent: str) -> str:
    return first(SYSTEMS, user_agent)


def first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    read = user_agent[:LONGEST_READ]
    return next((name for mark, name in table if mark in read), "")
