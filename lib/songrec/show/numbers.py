"""Numbers as text, by one rule: a number has the digits that its 95 % interval supports.

An interval is written as ± where both of its ends are as far from the number as it says; where they are not,
the ends are written.
"""

import re
from collections.abc import Iterable
from math import floor, isnan, log10

import numpy as np

from songrec.results import Estimate

MOST = 4
"""No number has more decimals."""

_T = 1.96


def decimals(half_width: float) -> int:
    """Decimals that a number with this 95 % half-width supports: at most two digits of its standard error.

    Two when the error's leading digits are 10 to 35, else one (the rule of the Particle Data Group); three
    where there is no interval, or one without a width.

    >>> decimals(0.0048), decimals(0.0139), decimals(0.02), decimals(float("nan"))
    (4, 3, 3, 3)
    """
    if isnan(half_width) or half_width <= 0:
        return 3
    error = half_width / _T
    place = -floor(log10(error))
    leading = error * 10**place
    return max(0, min(MOST, place + (1 if leading < 3.55 else 0)))


def written(
    estimates: Iterable[Estimate], unit: str = "", signed: bool = False, interval: str = "auto"
) -> list[str]:
    """Estimates as text, all with the digits that the widest interval among them supports.

    Parameters
    ----------
    estimates : iterable of Estimate
        A missing number (NaN) becomes an empty text.
    unit : str
        `%` writes shares of 1 as per cent.
    signed : bool
        Write a plus before what is above zero.
    interval : {"auto", "ends", "brackets", "none"}
        `auto`: ± half the width, or the ends in brackets where one of the column is not symmetric;
        `ends`: the ends alone; `brackets`: number and ends; `none`: the number alone.

    Examples
    --------
    >>> written([Estimate(0.0911, 0.0866, 0.0957), Estimate(0.5)])
    ['0.0911 ± 0.0045', '0.5000']
    >>> written([Estimate(0.0402, 0.031, 0.0512)])
    ['0.040 (0.031 to 0.051)']
    >>> written([Estimate(0.742)], unit="%")
    ['74.2 %']
    """
    scale = 100 if unit == "%" else 1
    scaled = [Estimate(scale * one.value, scale * one.low, scale * one.high) for one in estimates]
    halves = [(one.high - one.low) / 2 for one in scaled if not isnan(one.high - one.low)]
    digits = decimals(max(halves)) if any(halves) else (1 if unit == "%" else 3)
    if unit == "%" and halves and not any(halves) and all(one.value in (0, 100) for one in scaled):
        digits = 0  # none of them, or all
    if interval == "auto":
        interval = "pm" if all(_symmetric(one, digits) for one in scaled) else "brackets"
    return [_one(one, digits, " %" if unit == "%" else "", signed, interval) for one in scaled]


def _symmetric(one: Estimate, digits: int) -> bool:
    """Whether both arms are equal as they are rounded, but for one unit of the last digit."""
    if isnan(one.high - one.low):
        return True
    below, above = round(one.value - one.low, digits), round(one.high - one.value, digits)
    return abs(below - above) < 1.5 * 10.0**-digits


def _one(one: Estimate, digits: int, unit: str, signed: bool, interval: str) -> str:
    if isnan(one.value):
        return ""
    known = not isnan(one.high - one.low)
    none = not known or (one.low == one.high == one.value and interval != "ends")  # all users are alike
    low, high = (_plain(end, digits, signed) for end in (one.low, one.high))
    if interval == "ends":
        return f"{low} to {high}{unit}" if known else ""
    value = _plain(one.value, digits, signed)
    if none or interval == "none":
        return value + unit
    if interval == "pm":
        return f"{value} ± {(one.high - one.low) / 2:,.{digits}f}{unit}"
    return f"{value}{unit} ({low} to {high}{unit})"


def unbroken(text: str) -> str:
    """The text with spaces at which no line may break: after a ±, before a per cent sign, in an interval."""
    text = re.sub(r"(\d(?: %)?) to (?=[−+\d])", "\\1\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}", text)
    return text.replace("± ", "±\N{NO-BREAK SPACE}").replace(" %", "\N{NO-BREAK SPACE}%")


def _plain(value: float, digits: int, signed: bool = False) -> str:
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text.replace(",", "")) else text.lstrip("+-")


def share(part: float) -> str:
    """A share as per cent, with a decimal where it is small; never 0 % or 100 % unless it is exactly that.

    >>> share(0.4321), share(0.0123), share(0.99999), share(0.00001), share(0.0)
    ('43 %', '1.2 %', 'over 99.9 %', 'under 0.1 %', '0 %')
    """
    if part in (0, 1):
        text = f"{part:.0%}"
    elif 0 < part < 0.001:
        text = "under 0.1%"
    elif part > 0.999:
        text = "over 99.9%"
    else:
        text = f"{part:.1%}" if part < 0.1 or part > 0.95 else f"{part:.0%}"
    return text.replace("%", " %")


def p_value(p: float, least: float = 0.0) -> str:
    """A p-value: three decimals, and "at most" where it is the least that the test can give.

    >>> p_value(0.0312), p_value(0.00003), p_value(1.0), p_value(0.01, least=0.01)
    ('0.031', '< 0.001', '1.000', '≤ 0.010')
    """
    if isnan(p):
        return ""
    if p < 0.001:
        return "< 0.001"
    return ("\N{LESS-THAN OR EQUAL TO} " if p <= 1.001 * least else "") + f"{p:.3f}"


def p_equals(p: float, least: float = 0.0) -> str:
    """A p-value in a sentence.

    >>> p_equals(0.0312), p_equals(0.00003), p_equals(float("nan"))
    ('p = 0.031', 'p < 0.001', 'no test')
    """
    text = p_value(p, least)
    return "no test" if not text else f"p {text}" if not text[0].isdigit() else f"p = {text}"


def significant(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, as a timing or a size is read; 0.01 is the least that is told.

    >>> significant(0.4551), significant(12345.6), significant(0.0001)
    ('0.455', '12,300', '< 0.01')
    """
    if isnan(value):
        return ""
    if 0 < value < 0.01:
        return "< 0.01"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10 ** (digits - 1) else f"{rounded:.{digits}g}"


def megabytes(size: float) -> str:
    """Bytes as megabytes (10^6), to three digits.

    >>> megabytes(123_000), megabytes(12_345_678), megabytes(1_234_567_890)
    ('0.123', '12.3', '1,235')
    """
    value = size / 1e6
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def plain(value: object) -> str:
    """A single value as text: thousands separated, yes and no, nothing for a missing one.

    >>> plain(1234), plain(0.25), plain(True), plain(None), plain("a")
    ('1,234', '0.25', 'yes', '', 'a')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return str(value)
