//! Whole archives: they open elsewhere, they are a pure function of their parts, and damage is found.

#[path = "archive/world.rs"]
mod world;

use std::io::Cursor;
use std::process::Command;

use archive::{
    CollectionWriter, EntryRecord, Format, FrozenPart, MediaStream, Part, PartWriter, Position, Problem, archive_tail,
    verify,
};
use domain::datum::Datum;
use proptest::prelude::*;

use world::{dos, fields, info, join, read, rows, sample, source, write};

#[test]
fn a_whole_archive_is_verified() {
    let verified = verify(Cursor::new(sample())).unwrap();
    assert!(verified.is_whole(), "{:?}", verified.files);
    let names: Vec<&str> = verified.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "json/shop.orders.ndjson",
            "csv/shop.orders.csv",
            "media/shop.files/0000-000001.png",
            "media/shop.files/0000-000002.bin",
            "README.html",
        ]
    );
    assert_eq!(verified.rows.into_iter().collect::<Vec<_>>(), [("shop.orders".to_owned(), 500)]);
    assert_eq!(verified.manifest.files[0].retention.as_deref(), Some("one year"));
}

#[test]
fn equal_input_gives_equal_bytes() {
    assert_eq!(sample(), sample());
}

#[test]
fn rows_are_exact_in_json_and_harmless_in_csv() {
    let zip = sample();
    let json = read(&zip, "json/shop.orders.ndjson");
    let first = r#"{"id":0.0,"name":"=n,0","tags":["a"],"extra":{"x":0}}"#;
    assert_eq!(json.lines().next().unwrap(), first);
    let csv = read(&zip, "csv/shop.orders.csv");
    let mut lines = csv.lines();
    assert_eq!(lines.next().unwrap(), "id,name,tags,_other");
    let expected = r#"0.0,"'=n,0","[""a""]","{""extra"":{""x"":0}}""#;
    assert_eq!(lines.next().unwrap(), expected);
}

#[test]
fn the_page_escapes_every_value_and_tells_the_rights() {
    let page = read(&sample(), "README.html");
    assert!(!page.contains("<script"), "{page}");
    for text in ["Example &#38; Sons", "Art. 16", "Art. 17", "Art. 21", "the authority", "one year", "500"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn other_programs_open_it() {
    let path = std::env::temp_dir().join(format!("archive-test-{}.zip", std::process::id()));
    std::fs::write(&path, sample()).unwrap();
    for (program, arguments) in [("python3", ["-m", "zipfile", "-t"].as_slice()), ("unzip", &["-tqq"])] {
        let run = Command::new(program).args(arguments).arg(&path).output();
        let Ok(run) = run else {
            println!("{program} is not here: not asked");
            continue;
        };
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&run.stderr));
        assert!(!said.contains("corrupted"), "{program}: {said}");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn more_entries_than_the_old_format_counts_are_fine() {
    let mut parts = PartWriter::new(dos());
    let files = source("files");
    for n in 0..66_000 {
        parts.add_media(files.media(0, n, "text/plain"), &files, b"x");
    }
    let zip = join(&info(&["files"]), &[parts.take().unwrap()]);
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    assert_eq!(zip.len(), 66_002);
    assert_eq!(zip.by_name("media/shop.files/0000-065999.txt").unwrap().size(), 1);
}

#[test]
fn an_archive_without_a_row_is_whole() {
    assert!(verify(Cursor::new(join(&info(&["orders"]), &[]))).unwrap().is_whole());
}

#[test]
fn a_name_twice_is_refused() {
    let part = write("orders", &rows(1)).remove(0);
    let frozen = FrozenPart { zip_bytes: part.zip_bytes, entries: part.entries };
    assert!(archive_tail(&info(&[]), &[frozen.clone(), frozen]).is_err());
}

#[test]
fn an_entry_outside_its_part_is_refused() {
    let part = write("orders", &rows(1)).remove(0);
    let frozen = FrozenPart { zip_bytes: 10, entries: part.entries };
    assert!(archive_tail(&info(&[]), &[frozen]).is_err());
}

#[test]
fn media_of_another_length_is_refused() {
    let (mut stream, _) = MediaStream::begin("media/x.bin".to_owned(), &source("files"), 3, dos());
    stream.pass(b"four");
    assert!(stream.finish().is_err());
}

#[test]
fn any_damaged_byte_of_content_is_found() {
    let zip = sample();
    for at in [100, 2_000, 5_000, 9_000] {
        let mut damaged = zip.clone();
        damaged[at] ^= 1;
        let is_found = verify(Cursor::new(damaged)).map_or(true, |verified| !verified.is_whole());
        assert!(is_found, "byte {at}");
    }
}

#[test]
fn each_lie_of_a_manifest_is_named() {
    let check = |lie: &dyn Fn(&mut EntryRecord), expected: Problem| {
        let mut parts = write("orders", &rows(3));
        lie(&mut parts[0].entries[0]);
        let part = parts.remove(0);
        let frozen = FrozenPart { zip_bytes: part.zip_bytes, entries: part.entries };
        let tail = archive_tail(&info(&["orders"]), std::slice::from_ref(&frozen)).unwrap();
        let front = &part.bytes[..usize::try_from(part.zip_bytes).unwrap()];
        let verified = verify(Cursor::new([front, &tail.bytes].concat())).unwrap();
        assert_eq!(verified.files[0].problem, Some(expected));
    };
    check(&|entry| entry.rows += 1, Problem::WrongRows);
    check(&|entry| entry.sha256.replace_range(..1, "x"), Problem::WrongChecksum);
    check(&|entry| entry.crc32 ^= 1, Problem::Unreadable);
}

#[test]
fn a_file_beside_the_manifest_is_found() {
    let mut zip = zip::ZipWriter::new_append(Cursor::new(sample())).unwrap();
    zip.start_file("stowaway.txt", zip::write::SimpleFileOptions::default()).unwrap();
    let verified = verify(zip.finish().unwrap()).unwrap();
    assert_eq!(verified.files.last().unwrap().problem, Some(Problem::Unlisted));
}

#[test]
fn bytes_that_are_no_archive_are_an_error() {
    for bytes in [Vec::new(), b"PK".to_vec(), vec![0; 10_000], sample()[..1_000].to_vec()] {
        assert!(verify(Cursor::new(bytes)).is_err());
    }
}

#[test]
fn large_collections_are_cut_into_segments_and_parts() {
    let note = "0123456789abcdef".repeat(2_000);
    let row = |n: u64| {
        let noise: String =
            (0..300).map(|i| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i * i))).collect();
        Datum::Map(vec![("id".to_owned(), Datum::Text(noise)), ("name".to_owned(), Datum::Text(note.clone()))])
    };
    let rows: Vec<Datum> = (0..400).map(row).collect();
    let parts = write("orders", &rows);
    let zip = join(&info(&["orders"]), &parts);
    let verified = verify(Cursor::new(zip)).unwrap();
    assert!(verified.is_whole());
    assert_eq!(verified.rows["shop.orders"], 400);
    assert!(verified.files.len() > 5, "{}", verified.files.len());
    assert!(verified.files.iter().all(|file| file.bytes < 4_400_000));
    assert!(verified.files.iter().any(|file| file.name == "json/shop.orders.0000-0001.ndjson"));
}

#[test]
fn rows_that_are_json_keep_their_bytes() {
    let mut parts = PartWriter::new(dos());
    let from = Position::default();
    let mut writer = CollectionWriter::new(source("orders"), 0, Format::Json, &[], from);
    writer.push_json(br#" {"b" : 1.00, "a":"\u00e9"} "#, &mut parts).unwrap();
    writer.push_json(b"{\"c\":\n2e0}\r\n", &mut parts).unwrap();
    assert!(writer.push_json(b"{\"half\":", &mut parts).is_err());
    writer.cut(&mut parts);
    let zip = join(&info(&["orders"]), &[parts.take().unwrap()]);
    let expected = "{\"b\" : 1.00, \"a\":\"\\u00e9\"}\n{\"c\":2e0}\n";
    assert_eq!(read(&zip, "json/shop.orders.ndjson"), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A worker killed at any checkpoint, and gone on from the stored position, tells the same rows.
    #[test]
    fn going_on_from_any_checkpoint_gives_the_same_rows(cuts in prop::collection::btree_set(0_usize..60, 0..6)) {
        let rows = rows(60);
        let mut done: Vec<Part> = Vec::new();
        let mut position = Position::default();
        let mut begin = 0;
        for end in cuts.into_iter().chain([60]) {
            let mut parts = PartWriter::new(dos());
            let json = serde_json::to_vec(&position).unwrap();
            let from = serde_json::from_slice(&json).unwrap();
            let mut writer = CollectionWriter::new(source("orders"), 0, Format::Both, &fields(), from);
            rows[begin..end].iter().for_each(|row| writer.push(row, &mut parts));
            position = writer.cut(&mut parts);
            prop_assert_eq!(position.rows, end as u64);
            done.extend(parts.take());
            begin = end;
        }
        let zip = join(&info(&["orders"]), &done);
        let verified = verify(Cursor::new(zip.as_slice())).unwrap();
        prop_assert!(verified.is_whole());
        let json: String = verified.files.iter().filter(|file| file.name.starts_with("json/"))
            .map(|file| read(&zip, &file.name)).collect();
        let expected: String = rows.iter()
            .map(|row| String::from_utf8(row.to_json()).unwrap() + "\n").collect();
        prop_assert_eq!(json, expected);
    }
}
