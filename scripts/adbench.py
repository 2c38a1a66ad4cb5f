"""adbench.py TRAIN TEST LABELS SEED: what users of scikit-learn would take.

Fits each detector to the rows of TRAIN, a CSV with a header, and tells the rows of
TEST apart, whose column LABELS is 1 for anomalies. Prints a line of JSON for each:
method, auroc, average_precision, seconds, versions. Columns are standardized by the
training rows. Detectors are as scikit-learn has them; of GMM there are three sizes and
of the neighbours the usual numbers, so that the best of them all is one that had some
choice with the labels in sight.
"""

import json
import sys
import time

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler


def read(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        return names, np.loadtxt(file, delimiter=",", ndmin=2)


def detectors(seed):
    """Name -> function of (train, test) that is greater for what is stranger."""
    def distance(k):
        return lambda train, test: NearestNeighbors(n_neighbors=k).fit(train).kneighbors(test)[0][:, -1]

    def mixture(k):
        return lambda train, test: -GaussianMixture(k, random_state=seed).fit(train).score_samples(test)

    return {
        "iforest": lambda train, test: -IsolationForest(random_state=seed).fit(train).score_samples(test),
        "gmm1": mixture(1),
        "gmm5": mixture(5),
        "gmm10": mixture(10),
        "knn5": distance(5),
        "lof20": lambda train, test: -LocalOutlierFactor(20, novelty=True).fit(train).score_samples(test),
    }


def main():
    _, train = read(sys.argv[1])
    names, test = read(sys.argv[2])
    column = names.index(sys.argv[3])
    labels, test = test[:, column], np.delete(test, column, axis=1)
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    for name, strangeness in detectors(int(sys.argv[4])).items():
        start = time.perf_counter()
        scores = strangeness(train, test)
        print(json.dumps({
            "method": name,
            "auroc": roc_auc_score(labels, scores),
            "average_precision": average_precision_score(labels, scores),
            "seconds": time.perf_counter() - start,
        }))


if __name__ == "__main__":
    main()
