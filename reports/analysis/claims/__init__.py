"""The paper's claims, decided by records alone: ``rules`` says what is asked, ``board`` answers."""

from reports.analysis.claims.board import board
from reports.analysis.claims.rows import Board

__all__ = ["Board", "board"]
