"""BigGAN's layer tables (Brock et al. 2019, appendix B; 32 and 64 px: their authors' PyTorch code)."""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import UsageError


@dataclass(frozen=True)
class Table:
    """Widths of G and D at one size, as multiples of ``ch``.

    Attributes:
        generator: of the 4x4 start, then of each block's output; every block doubles the side.
        discriminator: of each block's output.
        halvings: blocks of D that halve the side; the others keep it.
        attention: side at which self-attention follows a block of G and of D, or None.
    """

    generator: tuple[int, ...]
    discriminator: tuple[int, ...]
    halvings: int
    attention: int | None


# 64 px is not in the paper: widths by the authors' code, attention at 32 as IC-GAN has it (Casanova et al. 2021).
TABLES = {
    32: Table((4, 4, 4, 4), (4, 4, 4, 4), halvings=2, attention=None),
    64: Table((16, 16, 8, 4, 2), (1, 2, 4, 8, 16), halvings=4, attention=32),
    128: Table((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), halvings=5, attention=64),
}


def table(size: int) -> Table:
    """The table for images of ``size`` pixels.

    Raises:
        UsageError: there is none.
    """
    if size not in TABLES:
        raise UsageError(f"BigGAN's tables here are for {', '.join(map(str, TABLES))} px, not for {size} px.")
    return TABLES[size]
