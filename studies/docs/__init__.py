"""The reference pages of the documentation, written from the code."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
