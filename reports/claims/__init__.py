"""The paper's claims, decided by records alone: ``rules`` says what is asked, ``board`` answers."""

from reports.claims.board import Board, board

__all__ = ["Board", "board"]
