"""Texts from outside, as both databases take them."""

from __future__ import annotations


def tidy(text: str, longest: int) -> str:
    """Without what PostgreSQL refuses (NUL, halves of surrogate pairs), and cut to so many characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:longest]
