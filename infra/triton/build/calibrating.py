"""From logits of texts that were left out of a fit: how sure a head may be, and of what kind."""

import numpy as np

# Of the labels in a head, the one for what no other fits; see services.assessor.packs.pack.OTHER.
OTHER = "other"

_TEMPERATURES = np.exp(np.linspace(-5, 3, 161))
# The scope of a head that was never shown anything out of it: all is in.
ALL_IN = np.array([0.0, 0.0, 20.0])


def unlearnt(labels: int) -> np.ndarray:
    """The scope of a head that was made from descriptions alone, without any text to learn it from.

    Half way where five packs' own examples had it on average, in relation to the number of labels.
    """
    return np.array([2.0, -0.2, -2.0 * (np.log(labels) - 0.44)])


def log_loss(logits: np.ndarray, owners: np.ndarray, temperature: float) -> float:
    """Mean over texts; what a temperature is chosen by."""
    scaled = logits * temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    own = scaled[np.arange(len(owners)), owners]
    return float((np.log(np.exp(scaled).sum(axis=1)) - own).mean())


def temperature(logits: np.ndarray, owners: np.ndarray) -> float:
    """What logits are to be multiplied by so that a confidence is a frequency."""
    return float(min(_TEMPERATURES, key=lambda each: log_loss(logits, owners, each)))


def scope(inside: np.ndarray, *outside: np.ndarray) -> np.ndarray:
    """Coefficients of `scoring.in_scope`, from the signs of texts inside and outside ([n, 2] each).

    As if half of all texts were outside: how many are is not known when a head is made. Each kind
    of text outside counts the same, however many there are of it.
    """
    kinds = [each for each in outside if len(each)]
    if not len(inside) or not kinds:
        return ALL_IN
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow, not always needed

    size = np.maximum(inside.std(axis=0), 1e-9)
    weights = [np.full(len(each), len(inside) / len(each) / len(kinds)) for each in kinds]
    told = LogisticRegression(C=1.0, max_iter=1000).fit(
        np.concatenate([inside, *kinds]) / size,
        np.concatenate([np.ones(len(inside)), *(np.zeros(len(each)) for each in kinds)]),
        sample_weight=np.concatenate([np.ones(len(inside)), *weights]),
    )
    return np.array([*(told.coef_[0] / size), told.intercept_[0]])
