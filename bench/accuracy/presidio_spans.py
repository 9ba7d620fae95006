"""Spans that Presidio's pattern recognisers find, for `masking_accuracy`.

Reads a JSON array of texts, prints `{"spans": [[[start, end], …], …], "seconds": CPU time}`. The
pipeline is a blank English one: no model is loaded, and nothing is downloaded.
"""

import json
import sys
import time

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine

THRESHOLD = 0.4


class BlankEngine(SpacyNlpEngine):
    """spaCy's tokeniser alone."""

    def __init__(self) -> None:
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}


def main() -> None:
    """Analyse standard input."""
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    registry.remove_recognizer("SpacyRecognizer")
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=BlankEngine())
    texts = json.load(sys.stdin)
    analyzer.analyze("a first text", "en", score_threshold=THRESHOLD)
    begin = time.process_time()
    found = [analyzer.analyze(text, "en", score_threshold=THRESHOLD) for text in texts]
    spans = [[(item.start, item.end) for item in items] for items in found]
    print(json.dumps({"spans": spans, "seconds": time.process_time() - begin}))


if __name__ == "__main__":
    main()
