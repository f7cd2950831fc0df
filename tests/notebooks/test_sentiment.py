"""The notebook runs from its first cell to its last on a lake with marts and champions, and draws something."""

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from socialsent_assets.domain.learning.candidates import bigram_candidate
from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from tests.model_lake import NOW, candidate, filled, invented
from tests.warehouse_file import lake_hour, make_warehouse, text_row

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "sentiment.ipynb"
SENTENCES = [["the", "tram", "is", "late"], ["i", "love", "the", "tram"], ["the", "tram", "is", "not", "late"]]
FEWEST_PICTURES = 8


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home: texts of two days with predictions, and a champion of each kind."""
    root = tmp_path_factory.mktemp("home")
    lake = filled(Lake.in_folder(root / "lake"), 200)
    registry = ModelRegistry(lake.artifacts)
    classifier = registry.add(candidate(lake).files)
    bigram = bigram_candidate(SENTENCES * 3, SENTENCES[:1], created_at=NOW, data={}, min_count=1)
    registry.promote(CLASSIFIER, classifier, NOW)
    registry.promote(BIGRAM, registry.add(bigram.files), NOW)
    sure = {"negative": -0.8, "neutral": 0.0, "positive": 0.8}
    posts = [
        {
            "post_id": row["post_id"],
            **text_row(
                number,
                row["text"],
                hours=number * 0.2,
                topic=("coffee", "trains", None)[number % 3],
                predicted_sentiment=row["mood"],
                predicted_probability=0.9,
                predicted_polarity=sure[row["mood"]],
                model_version=classifier,
            ),
        }
        for number, row in enumerate(invented(150))
    ]
    make_warehouse(root / "warehouse.duckdb", posts=posts, lake_hours=[lake_hour(n) for n in range(30)])
    return root


def test_the_notebook_runs_and_its_pictures_show_something(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a notebook that rotted since it was last opened, and plots of nothing."""
    monkeypatch.setenv("SOCIALSENT_HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    book = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= FEWEST_PICTURES
    for picture in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))
        assert pixels.std() > 5, "a picture of one colour"


def test_the_notebook_is_kept_without_outputs() -> None:
    """Prevents texts of a lake in the repository, and differences that cannot be read."""
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert len(cells) > 10
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count] == []
