"""The compiled loop of `songrec.similarity.groups`."""

import numpy as np

from songrec.kernels.compiled import compiled


@compiled
def count(
    first,
    last,
    log_starts,
    heard,
    starts,
    listeners,
    group_starts,
    members,
    asked_starts,
    asking,
    places,
    cells,
    counts,
):
    """Rows of counts of the songs from `first` to `last`, for each group that asks for one."""
    seen = np.zeros(len(starts) - 1, np.int32)
    before = np.int32(0)  # what `seen` holds of earlier songs is not above it
    for song in range(first, last):
        own = starts[song + 1] - starts[song]
        wanted = False
        for ask in range(asked_starts[song], asked_starts[song + 1]):
            wanted |= places[ask] + 1 < group_starts[asking[ask] + 1]
        if wanted:
            for at in range(starts[song], starts[song + 1]):
                user = listeners[at]
                for entry in range(log_starts[user + 1] - 1, log_starts[user] - 1, -1):
                    other = heard[entry]
                    if other <= song:
                        break
                    seen[other] = max(seen[other], before) + 1
        for ask in range(asked_starts[song], asked_starts[song + 1]):
            group, place = asking[ask], places[ask]
            end = group_starts[group + 1]
            left = np.int64(end - place)
            cell = cells[group + 1] - left * (left + 1) // 2
            counts[cell] = own
            for other in range(1, left):
                counts[cell + other] = max(seen[members[place + other]] - before, 0)
        before += own
