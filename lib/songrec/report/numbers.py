"""Numbers as a reader meets them: rounded to what their standard error supports, with their interval."""

from math import floor, isnan, log10

_MOST = 4
_T = 1.96


def decimals(half_width: float, most: int = _MOST) -> int:
    """Decimals that a number with this 95 % half-width supports: at most two digits of its standard error.

    Two when the error's leading digits are 10 to 35, else one (the rule of the Particle Data Group).

    >>> decimals(0.0048), decimals(0.0139), decimals(0.02)
    (4, 3, 3)
    """
    if isnan(half_width) or half_width <= 0:
        return 3
    error = half_width / _T
    place = -floor(log10(error))
    leading = error * 10**place
    return max(0, min(most, place + (1 if leading < 3.55 else 0)))


def with_interval(value: float, low: float, high: float, digits: int | None = None) -> str:
    """A number and the half-width of its interval, or the number alone where there is none.

    >>> with_interval(0.09112, 0.0866, 0.0957), with_interval(0.5, float("nan"), float("nan"))
    ('0.0911 ± 0.0045', '0.500')
    """
    half = (high - low) / 2
    digits = decimals(half) if digits is None else digits
    return f"{value:.{digits}f}" + ("" if isnan(half) else f" ± {half:.{digits}f}")


def ends(low: float, high: float, digits: int) -> str:
    """The two ends of an interval: `0.021 to 0.034`."""
    return "" if isnan(low) or isnan(high) else f"{low:.{digits}f} to {high:.{digits}f}"
