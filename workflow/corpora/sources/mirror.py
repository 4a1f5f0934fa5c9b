"""A local folder that somebody put corpora into."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from staleness.workflow.corpora.sources import Source, SourceError


@dataclass(frozen=True)
class Mirror(Source):
    """A folder with a corpus's files, or with the archives of its other sources.

    A member is looked for as `folder/<corpus>/<file name>`, then in every archive of `archives`
    that lies in the folder.

    Attributes
    ----------
    folder : pathlib.Path
        The mirror.
    corpus : str
        The name of the corpus.
    archives : tuple of ArchiveSource
        The corpus's other sources.
    """

    name = "mirror"

    folder: Path
    corpus: str
    archives: tuple

    def __str__(self):
        return f"{self.name} {self.folder}"

    def record(self):
        """Return the kind alone, since folders differ by machine; see `Source.record`."""
        return {"kind": self.name}

    @property
    def vouches(self):
        """Whether it has an archive that is checked, and no files that come before it."""
        archive, _ = self._archive()
        return archive is not None and archive.vouches and not (self.folder / self.corpus).exists()

    @contextmanager
    def open(self):
        """Open archives only when the first member is not there as a file; see `Source.open`."""
        with ExitStack() as stack:
            opened = []

            def member(path):
                file = self.folder / self.corpus / PurePosixPath(path).name
                try:
                    if file.is_file():
                        return stack.enter_context(open(file, "rb"))
                    if not opened:
                        opened.append(self._open_archive(stack, file))
                except OSError as error:
                    raise SourceError(f"cannot be read ({error})") from error
                return opened[0](path)

            yield member

    def _open_archive(self, stack, file):
        """Open the first archive that the mirror has."""
        archive, path = self._archive()
        if archive is not None:
            return stack.enter_context(archive.open_file(path))
        archives = ", ".join(map(str, self.archives))
        raise SourceError(f"has neither {self.corpus}/{file.name} nor the archive of {archives}")

    def _archive(self):
        """Return the first archive that the mirror has and its path, None and None without one."""
        found = ((archive, archive.find(self.folder)) for archive in self.archives)
        return next(((archive, path) for archive, path in found if path), (None, None))
