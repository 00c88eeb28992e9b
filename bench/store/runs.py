"""All runs below a folder, for a notebook or a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from bench.errors import UsageError
from bench.paths import expanded
from bench.store.faults import Faults
from bench.store.notebook import run_html, runs_html
from bench.store.reader import Left
from bench.store.record import read_records


class Run(Left):
    """A record with what lies beside it; a notebook shows its scores and first pictures."""

    def _repr_html_(self) -> str:
        return run_html(self)


class Runs(Sequence[Run]):
    """Runs in the order of their paths; each has ``record``, ``per_image``, ``reconstructions`` and ``directory``.

    Attributes:
        faults: what could not be read and was left out.
    """

    def __init__(self, runs: Sequence[Run], faults: Faults) -> None:
        self._runs, self.faults = tuple(runs), faults

    @overload
    def __getitem__(self, place: int) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> Runs: ...
    def __getitem__(self, place: int | slice) -> Run | Runs:
        found = self._runs[place]
        return Runs(found, self.faults) if isinstance(found, tuple) else found

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def __str__(self) -> str:
        """A line a run."""
        lines = [str(one.record).partition("\n")[0] for one in self._runs]
        return "\n".join([f"{len(lines)} runs", *(f"  {line}" for line in lines)])

    def to_pandas(self) -> Any:
        """A ``DataFrame``, a row a run: what it was, and every score with its interval (``KEY_low``, ``KEY_high``).

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas  # type: ignore[import-untyped]
        except ImportError:
            raise UsageError("to_pandas needs pandas, which is not installed. Type: pip install pandas") from None
        return pandas.DataFrame([_row(one) for one in self._runs])

    def _repr_html_(self) -> str:
        return runs_html(self._runs)


WHAT = ("method", "classifier", "dataset", "num_images", "seed", "preset", "precision", "probe", "status", "key")


def _row(one: Run) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(one.record, name) for name in WHAT}
    for key, score in one.record.metrics.items():
        row[key] = score.value
        if score.ci95 is not None:
            row[f"{key}_low"], row[f"{key}_high"] = score.ci95
    return row


def load_runs(runs: str | Path = "runs") -> Runs:
    """Every cell and probe below a folder; what cannot be read is left out and stands in ``faults``.

    Args:
        runs: the folder that ``bench run`` wrote to.

    Raises:
        UsageError: there is no such folder.
    """
    folder = expanded(Path(runs))
    if not folder.is_dir():
        raise UsageError(f"load_runs expects the folder of bench run, and there is none at '{runs}'.")
    faults = Faults()
    return Runs([Run(record, place, faults=faults) for record, place in read_records(folder, faults)], faults)
