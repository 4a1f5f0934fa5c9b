"""An archive on the web."""

import time
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tqdm import tqdm

from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.sources import ArchiveSource, SourceError
from staleness.workflow.store.digests import sha256_of

CHUNK = 1 << 18
STALL = 30  # seconds without a byte after which a connection is given up
ATTEMPTS = 4  # in a row that bring nothing new
PAUSE = 1  # seconds between two attempts, doubled each time
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Web(ArchiveSource):
    """An archive that lies under an address of its own, got by https.

    Attributes
    ----------
    url : str
        Its address; http is for servers on 127.0.0.1 only.
    bytes : int
        Its size; without `sha256`, the most that is believed.
    sha256 : str, optional
        Of the archive: then the members need none.
    prefix : str, optional
        The folder of the members inside the archive.
    """

    name = "web"

    url: str
    bytes: int
    sha256: str = ""
    prefix: str = ""

    def __post_init__(self):
        if not _secure(self.url) or not self._file_name:
            raise StalenessError(f"url {self.url!r}: expected the https:// address of an archive")

    def __str__(self):
        return f"{self.name} {self.url}"

    @property
    def vouches(self):
        """Whether the archive has a SHA-256; see the base."""
        return bool(self.sha256)

    @property
    def _file_name(self):
        return PurePosixPath(urlsplit(self.url).path).name

    def matches(self, file_name):
        """Tell whether a file is called as the last part of the address: see the base."""
        return file_name == self._file_name

    def download(self, folder):
        """Get the archive in as many attempts as it takes, each going on where the last ended.

        See the base. It is checked when it is opened.
        """
        download = _Download(self.url, folder / self._file_name, self.bytes)
        most = failures = 0
        while True:
            try:
                download.go_on()
                return
            except HTTPError as error:
                error.close()
                if error.code not in TRANSIENT:
                    raise SourceError(f"the server says {error.code} {error.reason}") from error
                reason = error
            except (OSError, HTTPException) as error:
                reason = error
            failures = 1 if download.have > most else failures + 1
            most = max(most, download.have)
            if failures == ATTEMPTS:
                message = f"gave up at {download.have:,} bytes after {ATTEMPTS} attempts"
                raise SourceError(f"{message} ({_in_words(reason)})") from reason
            time.sleep(PAUSE * 2 ** (failures - 1))

    def open_file(self, archive):
        """Check the SHA-256 of the archive, if it is known, before anything of it is read."""
        if self.sha256:
            found = sha256_of(archive)
            if found != self.sha256:
                expected = f"expected {self.bytes:,} with {self.sha256[:12]}..."
                size = archive.stat().st_size
                message = f"is corrupt ({size:,} bytes with SHA-256 {found[:12]}..., {expected})"
                raise SourceError(f"{archive.name} {message}")
        return super().open_file(archive)


class _Download:
    """A file on its way.

    Attributes
    ----------
    have : int
        How many of its bytes are there.
    """

    def __init__(self, url, path, most):
        self._url, self._path, self._most = url, path, most
        self._version = None  # what the server calls the version of which there are bytes already
        self.have = 0

    def go_on(self):
        """Get what is missing; raises OSError or HTTPException when the connection fails."""
        headers = {"User-Agent": "staleness"}
        if self.have and self._version:
            headers |= {"Range": f"bytes={self.have}-", "If-Range": self._version}
        request = Request(self._url, headers=headers)  # noqa: S310 (checked by Web)
        with build_opener(_SecureRedirects).open(request, timeout=STALL) as response:
            goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {self.have}-")
            if response.status != 206 or not goes_on:
                self.have = 0
            if response.status == 206 and not goes_on:
                raise HTTPException("the server sent another part than it was asked for")
            # Only a strong tag says that the bytes are the same (RFC 9110, section 13.1.5).
            tag = response.headers.get("ETag", "")
            self._version = tag if tag.startswith('"') else response.headers.get("Last-Modified")
            length = response.headers.get("Content-Length", "")
            total = self.have + int(length) if length.isdecimal() else None
            self._refuse_more(total or 0)
            self._write(response, total)
        if total is not None and self.have != total:
            raise ConnectionError(f"the connection ended {total - self.have:,} bytes too early")

    def _write(self, response, total):
        """Write a response behind the bytes that are there."""
        bar = tqdm(
            total=total,
            initial=self.have,
            desc=self._path.name,
            unit="B",
            unit_scale=True,
            leave=False,
            disable=None,  # that is: unless standard error is a terminal
        )
        with bar, open(self._path, "ab") as file:
            file.truncate(self.have)
            while chunk := response.read1(CHUNK):
                self._refuse_more(self.have + len(chunk))
                file.write(chunk)
                self.have += len(chunk)
                bar.update(len(chunk))

    def _refuse_more(self, size):
        if size > self._most:
            raise SourceError(f"is larger than the {self._most:,} bytes expected")


class _SecureRedirects(HTTPRedirectHandler):
    """Follows redirections, but never from https to anything else."""

    def redirect_request(self, request, file, code, message, headers, url):
        """Return the request that follows, or raise SourceError."""
        if not _secure(url) or urlsplit(url).scheme != urlsplit(request.full_url).scheme:
            file.close()
            raise SourceError(f"redirects to {url}, expected an https:// address")
        return super().redirect_request(request, file, code, message, headers, url)


def _secure(url):
    """Tell whether nobody in between can change what an address gives."""
    try:
        parts = urlsplit(url)
        return (parts.scheme == "https" and bool(parts.hostname)) or (
            parts.scheme == "http" and parts.hostname == "127.0.0.1"
        )
    except ValueError:
        return False


def _in_words(error):
    """Return what went wrong."""
    if isinstance(error, URLError) and not isinstance(error, HTTPError):
        error = error.reason
    if isinstance(error, TimeoutError):
        return f"nothing came for {STALL} s"
    return str(error) or type(error).__name__
