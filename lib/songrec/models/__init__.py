"""Recommenders behind one contract."""

from songrec.models.als import ALS
from songrec.models.base import Recommender
from songrec.models.blend import Blend
from songrec.models.bpr import BPR
from songrec.models.ease import EASE
from songrec.models.elsa import ELSA
from songrec.models.fs_slim import FsSLIM
from songrec.models.gf_cf import GFCF
from songrec.models.hybrid import Hybrid
from songrec.models.item2vec import Item2Vec
from songrec.models.item_knn import ItemKNN
from songrec.models.light_gcn import LightGCN
from songrec.models.mult_vae import MultVAE
from songrec.models.neumf import NeuMF
from songrec.models.popularity import Popularity
from songrec.models.pure_svd import PureSVD
from songrec.models.registry import create, load_model
from songrec.models.rp3beta import RP3beta
from songrec.models.user_knn import UserKNN

__all__ = [
    "ALS",
    "BPR",
    "EASE",
    "ELSA",
    "GFCF",
    "Blend",
    "FsSLIM",
    "Hybrid",
    "Item2Vec",
    "ItemKNN",
    "LightGCN",
    "MultVAE",
    "NeuMF",
    "Popularity",
    "PureSVD",
    "RP3beta",
    "Recommender",
    "UserKNN",
    "create",
    "load_model",
]
