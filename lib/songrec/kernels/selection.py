"""The k best of many candidates that come one by one: by value, ties by the lower code."""

from songrec.kernels.compiled import compiled


@compiled
def is_better(value, code, other_value, other_code):
    """Whether a candidate stands before another: a total order, as no code comes twice."""
    return value > other_value or (value == other_value and code < other_code)


@compiled
def select(values, codes, n, k):
    """Bring the `k` best of the first `n` to the front, in any order, with the last of them at `k - 1`.

    Parameters
    ----------
    values : float array
        Changed in place, as `codes` is.
    codes : int array
        Of the candidates.
    n, k : int
        1 <= k <= n.

    Notes
    -----
    Hoare's quickselect: time linear in n.
    """
    low, high = 0, n - 1
    while low < high:
        middle = (low + high) // 2
        value, code = values[middle], codes[middle]
        i, j = low, high
        while i <= j:
            while is_better(values[i], codes[i], value, code):
                i += 1
            while is_better(value, code, values[j], codes[j]):
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                codes[i], codes[j] = codes[j], codes[i]
                i += 1
                j -= 1
        if k - 1 <= j:
            high = j
        elif k - 1 >= i:
            low = i
        else:
            return


@compiled
def sort(values, codes, n):
    """Sort the first `n`, best first: by insertion, for what is as short as a list."""
    for place in range(1, n):
        value, code = values[place], codes[place]
        before = place - 1
        while before >= 0 and is_better(value, code, values[before], codes[before]):
            values[before + 1], codes[before + 1] = values[before], codes[before]
            before -= 1
        values[before + 1], codes[before + 1] = value, code
