"""Presidio in an environment of its own, with pattern recognisers and no language model.

Presidio and spaCy are no dependencies of the project, and their pins would fight with its own. The
environment is made once, beside the checkout's other ones, from the pinned versions below.
"""

import json
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv-presidio"
PINS = (
    "presidio-analyzer==2.2.366",
    "presidio-anonymizer==2.2.366",
    "spacy==3.8.18",
    "phonenumbers==9.0.43",
)
_MADE = ENVIRONMENT / "made"
_PROGRAM = """
import json, sys, time
import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_anonymizer import AnonymizerEngine

class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}

registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"])
analyzer = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
anonymizer = AnonymizerEngine()
texts = json.load(sys.stdin)

def work():
    for text in texts:
        found = analyzer.analyze(text=text, language="en")
        anonymizer.anonymize(text=text, analyzer_results=found)

work()
begin = time.process_time()
work()
print(json.dumps(time.process_time() - begin))
"""


def python() -> Path:
    """The interpreter of the environment, which is made where it is not there.

    Raises:
        RuntimeError: it cannot be made; the message says what the installer said.
    """
    found = ENVIRONMENT / "bin" / "python"
    if not _MADE.exists():
        commands = (
            [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
            [str(found), "-m", "pip", "install", "--quiet", *PINS],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"no environment for Presidio: {done.stderr.strip()[-500:]}")
        _MADE.write_text("\n".join(PINS))
    return found


def seconds(texts: list[str]) -> float:
    """CPU seconds in which Presidio analyses and anonymises `texts`, after one round before.

    Raises:
        RuntimeError: there is no environment, or the program fails.
    """
    done = subprocess.run(
        [str(python()), "-c", _PROGRAM],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Presidio failed: {done.stderr.strip()[-500:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))
