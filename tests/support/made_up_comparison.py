"""A made-up run that was evaluated and compared."""

from made_up import estimates, frame, made_up_run

MAP = ("average_precision", 10)
LEVELS = {"popularity": 0.02, "item_knn": 0.11, "user_knn": 0.10, "ease": 0.05}


def compared_run(
    folder,
    levels=LEVELS,
    alike=(),
    half=0.005,
    users=100,
    groups=2,
    detectable=0.004,
    coverage=None,
    **options,
):
    """Models with these means; `alike` are not significantly worse than the first."""
    ranked = sorted(levels, key=levels.get, reverse=True)
    measured = [
        [model, metric, k, value]
        for model, value in levels.items()
        for metric, k, value in [
            *[(name, k, levels[model]) for name in ("precision", "recall", MAP[0]) for k in (10, 20)],
            ("hit_rate", 10, 5 * levels[model]),
            ("coverage", 10, coverage or (0.5 if model == ranked[0] else 0.6 * levels[model])),
        ]
    ]
    metrics = estimates("model metric k", measured, half)
    whole = metrics["metric"] == "coverage"
    metrics.loc[whole, ["ci_low", "ci_high"]] = float("nan")
    pairs = [(a, b) for place, a in enumerate(ranked) for b in ranked[place + 1 :]]
    asked = [(a, b, name, 10) for a, b in pairs for name in ("precision", "recall", MAP[0])]
    keys = "model than metric k"
    differences = estimates(keys, [[*each, levels[each[0]] - levels[each[1]]] for each in asked], half)
    differences["p_holm"] = [0.5 if {*each[:2]} <= {ranked[0], *alike} else 0.01 for each in asked]
    differences = differences.assign(p=0.01, wilcoxon=0.01, wilcoxon_holm=0.02, effect=0.3)
    differences = differences.assign(win_rate_difference=0.1, minimum_detectable=detectable)
    ratios = estimates(keys, [[*each, levels[each[0]] / levels[each[1]]] for each in asked], 0.3)
    marked = [(name, model) for name in (MAP[0], "precision", "recall", "hit_rate") for model in levels]
    best = [[metric, 10, model, model in {ranked[0], *alike}] for metric, model in marked]
    reach = [[model, x, y] for model in ["held out", *levels] for x, y in ((0.01, 0.2), (1.0, 1.0))]
    names = ["3 to 9", "10 to 50"][:groups]
    activity = [[model, name, value] for model, value in levels.items() for name in names]
    gap = [[model, names[-1], names[0], 0.01] for model in levels] if groups > 1 else []
    cost = [[model, 0.5, 0.1, 200.0, 2] for model in levels]
    tables = {
        ("evaluate", "metrics"): metrics.assign(n_users=users),
        ("evaluate", "hits"): estimates("model hits", [[m, n, 0.5] for m in levels for n in (0, "1+")]),
        ("evaluate", "activity"): estimates("model group", activity, half),
        ("evaluate", "activity_gap"): estimates("model group than", gap, half),
        ("compare", "differences"): differences,
        ("compare", "ratios"): ratios,
        ("compare", "best"): frame("metric k model best", best),
        ("compare", "reach"): frame("model song_share place_share", reach),
        ("train", "cost"): frame("model fit_seconds recommend_ms_per_user peak_mb threads", cost),
    }
    tally = {"tests": len(asked), "pairs": len(pairs), "apart": len(pairs) - len(alike)}
    facts = {
        "compare": {"baseline": "popularity", "cutoff": 10, **tally},
        "evaluate": {"cutoff": 10, "cutoffs": [10, 20]},
    }
    return made_up_run(folder, tables, facts, list(levels), **options)
