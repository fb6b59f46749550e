//! One small archive, and how parts are written and joined.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first mistake")]

use std::io::{Cursor, Read as _};

use archive::{
    ArchiveInfo, CollectionWriter, Controller, DosTime, EntryRecord, Format, FrozenPart, MediaStream, Part, PartWriter,
    Position, Source, SourceInfo, archive_tail,
};
use domain::datum::Datum;

const MADE_AT: &str = "2026-03-04T05:06:08Z";

pub(crate) fn source(collection: &str) -> Source {
    Source::new("shop", collection).unwrap()
}

pub(crate) fn dos() -> DosTime {
    DosTime::at(MADE_AT.parse().unwrap())
}

pub(crate) fn info(collections: &[&str]) -> ArchiveInfo {
    let about = |collection: &&str| SourceInfo {
        source: source(collection),
        title: format!("Your {collection} <script>"),
        description: "What you & we wrote".to_owned(),
        categories: vec!["user.contact.email".to_owned()],
        purposes: vec!["service".to_owned()],
        lawful_bases: vec!["contract".to_owned()],
        recipients: Vec::new(),
        retention: Some("one year".to_owned()),
        origin: None,
        transfers: Vec::new(),
    };
    ArchiveInfo {
        subject: archive::Subject::Person,
        job_id: "job-1".to_owned(),
        request_type: "access".to_owned(),
        made_at: MADE_AT.parse().unwrap(),
        format: Format::Both,
        region: "eu-central-1".to_owned(),
        controller: Controller {
            name: "Example & Sons".to_owned(),
            contact: "privacy@example.com".to_owned(),
            officer: None,
            authority: Some("the authority".to_owned()),
        },
        automated_decisions: None,
        notice: None,
        sources: collections.iter().map(about).collect(),
    }
}

pub(crate) fn rows(count: usize) -> Vec<Datum> {
    let row = |n| format!(r#"{{"id":{n}.0,"name":"=n,{n}","tags":["a"],"extra":{{"x":{n}}}}}"#);
    (0..count).map(|n| Datum::parse_json(row(n).as_bytes()).unwrap()).collect()
}

pub(crate) fn fields() -> Vec<String> {
    ["id", "name", "tags[]"].map(str::to_owned).to_vec()
}

pub(crate) fn write(collection: &str, rows: &[Datum]) -> Vec<Part> {
    let mut parts = PartWriter::new(dos());
    let mut writer = CollectionWriter::new(source(collection), 0, Format::Both, &fields(), Position::default());
    let mut done = Vec::new();
    for row in rows {
        writer.push(row, &mut parts);
        done.extend(parts.take_full());
    }
    writer.cut(&mut parts);
    done.extend(parts.take());
    done
}

/// A large file as a part of its own.
pub(crate) fn write_media(content: &[u8]) -> Part {
    let name = source("files").media(0, 1, "image/png");
    let (mut stream, head) = MediaStream::begin(name, &source("files"), content.len() as u64, dos());
    content.chunks(1000).for_each(|chunk| stream.pass(chunk));
    let tail = stream.finish().unwrap();
    Part { bytes: [&head, content, &tail.bytes].concat(), zip_bytes: tail.zip_bytes, entries: vec![tail.entry] }
}

/// Joins the stored parts as packaging does: index from the tail of each, bytes from its front.
pub(crate) fn join(info: &ArchiveInfo, parts: &[Part]) -> Vec<u8> {
    let split = |part: &Part| usize::try_from(part.zip_bytes).unwrap();
    let frozen: Vec<FrozenPart> = parts
        .iter()
        .map(|part| {
            let entries = EntryRecord::read_index(&part.bytes[split(part)..]).unwrap();
            assert_eq!(entries, part.entries);
            FrozenPart { zip_bytes: part.zip_bytes, entries }
        })
        .collect();
    let tail = archive_tail(info, &frozen).unwrap();
    let mut zip: Vec<u8> = parts.iter().flat_map(|part| part.bytes[..split(part)].to_vec()).collect();
    zip.extend_from_slice(&tail.bytes);
    assert_eq!(zip.len() as u64, tail.archive_bytes);
    zip
}

pub(crate) fn sample() -> Vec<u8> {
    let mut parts = write("orders", &rows(500));
    parts.push(write_media(&[7; 10_000]));
    let mut small = PartWriter::new(dos());
    small.add_media(source("files").media(0, 2, "text/html"), &source("files"), b"<b>");
    parts.extend(small.take());
    join(&info(&["orders", "files", "nothing"]), &parts)
}

pub(crate) fn read(zip: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut text = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}
