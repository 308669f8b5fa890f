"""Numbers as they stand in a file, fractions included, as whole numbers of equal parts: nothing is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]

LARGEST = 2**62
MOST_DIGITS = 400  # before or behind the point; a longer number is a slip, and would fill the memory


class TooLong(ValueError):
    """Numbers have more digits than can be kept exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """An array of exact numbers: every value is `whole / parts`."""

    whole: Int
    parts: int = 1

    @classmethod
    def of(cls, values: Any) -> Amounts:
        """From whole numbers, floats (0.1 means one tenth), texts, decimals or fractions, nested as an array.

        Raises `ValueError` where a value is no finite number or needs more than 62 bits.
        """
        if isinstance(values, Amounts):
            return values
        array = np.asarray(values)
        if array.dtype.kind in "bui":
            return cls(array.astype(np.int64))
        exact = [_fraction(value) for value in array.ravel().tolist()]
        parts = lcm(*{value.denominator for value in exact}) if exact else 1
        whole = [value.numerator * (parts // value.denominator) for value in exact]
        if any(abs(value) > LARGEST for value in whole):
            raise TooLong("the numbers need more than 62 bits once they are whole: fewer digits are needed")
        return cls(np.array(whole, np.int64).reshape(array.shape), parts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths along each axis."""
        return self.whole.shape

    def in_parts(self, parts: int) -> Int:
        """The whole numbers for another, finer number of parts."""
        factor, rest = divmod(parts, self.parts)
        if rest:
            raise ValueError(f"{parts} parts are no multiple of {self.parts}")
        if self.whole.size and factor * int(np.abs(self.whole).max()) > LARGEST:
            raise TooLong("the numbers need more than 62 bits once they are whole: fewer digits are needed")
        return self.whole * factor

    def times(self, other: Amounts) -> Amounts:
        """The products, element by element (shapes are stretched as numpy does), with as few parts as possible."""
        highest = int(np.abs(self.whole).max(initial=0)) * int(np.abs(other.whole).max(initial=0))
        if highest > LARGEST:
            raise TooLong("the products need more than 62 bits once they are whole: fewer digits are needed")
        return Amounts(self.whole * other.whole, self.parts * other.parts).reduced()

    def reduced(self) -> Amounts:
        """The same numbers in as few parts as possible: a column cut from a table needs fewer than the table."""
        shared = gcd(self.parts, int(np.gcd.reduce(self.whole.ravel(), initial=0)))
        return self if shared == 1 else Amounts(self.whole // shared, self.parts // shared)

    def exact(self, *at: int) -> Fraction:
        """One value."""
        return Fraction(int(self.whole[at]), self.parts)

    def total(self, chosen: Any) -> Fraction:
        """Sum of the values at these places (an index or a mask as numpy takes it), exact."""
        return Fraction(sum(self.whole[chosen].ravel().tolist()), self.parts)


def one_unit(*several: Amounts) -> tuple[int, list[Int]]:
    """The number of parts that suits all of them, and each in it."""
    parts = lcm(*(amounts.parts for amounts in several))
    return parts, [amounts.in_parts(parts) for amounts in several]


def shaped(name: str, values: Any, *shape: int) -> Amounts:
    """The values as exact numbers of this shape (-1: any length); raises `ValueError` naming them otherwise."""
    try:
        amounts = Amounts.of(values).reduced()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    found = amounts.shape
    if len(found) != len(shape) or any(want not in (-1, has) for want, has in zip(shape, found, strict=True)):
        told = " x ".join("any" if length == -1 else str(length) for length in shape) or "a single number"
        raise ValueError(f"{name} has the shape {' x '.join(map(str, found)) or 'of a single number'}, not {told}")
    return amounts


def amounts_of_words(words: Sequence[str]) -> Amounts:
    """From words of a file; `12.` and `1e3` are numbers too. Raises `ValueError` where one is none."""
    try:
        if not any("_" in word for word in words):
            return Amounts(np.array([int(word) for word in words], np.int64))
    except (ValueError, OverflowError):
        pass  # not all of them are whole
    return Amounts.of(np.array([_fraction(word) for word in words], object))


def _fraction(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int):
        return Fraction(value)
    try:
        # repr of a float is the shortest decimal that means it: 0.1 is one tenth, not its binary neighbour
        text = repr(value) if isinstance(value, float) else str(value).strip()
        number = Decimal(text)
        # Python reads 1_000 as a number; nobody means one by it in a file
        if "_" in text or abs(number.adjusted()) > MOST_DIGITS:
            raise ValueError(text)
        return Fraction(number)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{value!r} is no number") from None
