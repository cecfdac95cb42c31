"""Values by user, as an evaluation makes them."""

import numpy as np
import pandas as pd


def frame(values, name="ndcg"):
    """Values users x columns as a per-user table; the columns are called name@1, name@2, ..."""
    values = np.asarray(values, float)
    columns = [f"{name}@{k}" for k in range(1, values.shape[1] + 1)]
    return pd.DataFrame(values, columns=columns, index=pd.Index(np.arange(len(values)) * 3, name="user"))
