"""Whether a published dashboard shows graphs in a real browser.

    python -m benchmarks.browser [--html .asv/html] [--benchmark NAME] [--screenshot FILE]

Debian's chromium without a window (`apt-get install chromium`); the page is served on 127.0.0.1.
"""

import argparse
import functools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.dashboard import HTML
from staleness.algorithms.errors import StalenessError

NAMES = ("chromium", "chromium-browser", "google-chrome")
# flot draws on a canvas, and writes the numbers at the axes beside it.
CANVAS = re.compile(r'<canvas[^>]*class="flot-base"')
LABEL = re.compile(r'class="flot-tick-label[^>]*>([^<]+)<')
PATIENCE = 120  # seconds


def main(arguments=None):
    """Open the page, count its graphs, take a picture; exit with 1 if there are none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--html", type=Path, default=HTML)
    parser.add_argument("--benchmark", help="default: the first one that has a time")
    parser.add_argument("--screenshot", type=Path, default=Path("results/dashboard.png"))
    options = parser.parse_args(arguments)
    benchmark = options.benchmark or first_time(options.html)
    with serve(options.html) as address:
        page = f"{address}/#{benchmark}"
        graphs, labels = look(page)
        options.screenshot.parent.mkdir(parents=True, exist_ok=True)
        chromium(page, f"--screenshot={options.screenshot.resolve()}", "--window-size=1400,900")
    print(f"{benchmark}: {graphs} graphs with {labels} labels; {options.screenshot}")
    return 0 if graphs and labels else 1


def first_time(html):
    """Return the name of the first benchmark of a published page that is a time."""
    index = json.loads((html / "index.json").read_text(encoding="utf-8"))
    return next(name for name in sorted(index["benchmarks"]) if ".time_" in name)


@contextmanager
def serve(folder):
    """Serve a folder on a free port of this machine, and give its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    """Says nothing of what it is asked for."""

    def log_message(self, *_):
        """Say nothing."""


def look(page):
    """Return how many graphs a page shows, and how many numbers stand at their axes."""
    html = chromium(page, "--dump-dom")
    return len(CANVAS.findall(html)), len(LABEL.findall(html))


def chromium(page, *arguments):
    """Open a page in a browser of a fresh profile, and return what it prints.

    Raises
    ------
    StalenessError
        If there is no chromium, or it fails.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise StalenessError("there is no chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update"]
        # Nothing but this machine is asked for anything: the page must do without.
        command += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        command += [f"--user-data-dir={profile}", "--virtual-time-budget=20000", *arguments, page]
        try:
            finished = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            raise StalenessError(f"{program} did not finish in {PATIENCE} s") from None
    if finished.returncode:
        raise StalenessError(f"{program} failed with status {finished.returncode}")
    return finished.stdout


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StalenessError as error:
        sys.exit(f"error: {error}")
