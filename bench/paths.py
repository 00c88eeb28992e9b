"""Where downloaded data and caches live: ``$BENCH_HOME``, else the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder for everything that is fetched or cached outside ``runs``."""
    if value := os.environ.get("BENCH_HOME"):
        return Path(value).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("logit-inversion-bench", appauthor=False))
