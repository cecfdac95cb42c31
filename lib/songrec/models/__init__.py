"""Recommenders behind one contract."""

from songrec.models.base import Recommender
from songrec.models.item_knn import ItemKNN
from songrec.models.popularity import Popularity
from songrec.models.registry import create, load_model
from songrec.models.user_knn import UserKNN

__all__ = ["ItemKNN", "Popularity", "Recommender", "UserKNN", "create", "load_model"]
