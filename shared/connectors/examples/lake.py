# Rewrites objects as Habeas does, with pyarrow: one line "kind seconds rows" for each kind, by the time of the
# processor. Arguments: list, users, out.
import gzip
import io
import json
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
users = pa.array(open(sys.argv[2]).read().split())


def others(table):
    return table.filter(pc.invert(pc.is_in(table["user_id"], value_set=users)))


def ndjson(path, out):
    as_text = pyarrow.json.ParseOptions(explicit_schema=pa.schema([("at", pa.string())]))
    text = gzip.decompress(open(path, "rb").read())
    table = pyarrow.json.read_json(io.BytesIO(text), parse_options=as_text)
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in others(table).to_pylist())
    open(out, "wb").write(gzip.compress(text.encode(), 6))
    return table.num_rows


def csv(path, out):
    as_text = pyarrow.csv.ConvertOptions(column_types={"at": pa.string()})
    table = pyarrow.csv.read_csv(path, convert_options=as_text)
    pyarrow.csv.write_csv(others(table), out)
    return table.num_rows


def parquet(path, out):
    before = pq.ParquetFile(path)
    with pq.ParquetWriter(out, before.schema_arrow, compression="zstd", compression_level=1) as after:
        for group in range(before.num_row_groups):
            after.write_table(others(before.read_row_group(group)))
    return before.metadata.num_rows


ways = {"ndjson.gz": ndjson, "csv": csv, "parquet": parquet}
seconds, rows = {}, {}
for line in open(sys.argv[1]):
    kind, path = line.split()
    start = time.process_time()
    count = ways[kind](path, sys.argv[3])
    seconds[kind] = seconds.get(kind, 0) + time.process_time() - start
    rows[kind] = rows.get(kind, 0) + count
for kind in seconds:
    print(kind, seconds[kind], rows[kind])
