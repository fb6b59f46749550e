//! The byte layout of ZIP (PKWARE APPNOTE 6.3), always with ZIP64 fields so that size never changes the shape.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::entry::{EntryRecord, Method};

const VERSION_WITH_ZIP64: u16 = 45;
/// Upper byte 3 (Unix), so that the file mode below is read.
const MADE_BY: u16 = (3 << 8) | VERSION_WITH_ZIP64;
const REGULAR_FILE_READ_ONLY: u32 = 0o100_444 << 16;
const HAS_DESCRIPTOR: u16 = 1 << 3;
const IN_ZIP64: u32 = u32::MAX;
const ZIP64_EXTRA: u16 = 1;

/// Bytes of a local header beside the name.
pub(crate) const LOCAL_HEADER_BYTES: usize = 30 + 20;

/// The moment each entry of one archive carries: UTC, even seconds, years 1980 to 2107 (APPNOTE 4.4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DosTime {
    time: u16,
    date: u16,
}

impl DosTime {
    /// The moment in ZIP's form; moments outside its years become the nearest one it knows.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        let moment = TimeZone::UTC.to_datetime(moment);
        let part = |value: i8| u16::try_from(value).unwrap_or_default();
        match moment.year() {
            ..1980 => Self { time: 0, date: (1 << 5) | 1 },
            2108.. => Self { time: (23 << 11) | (59 << 5) | 29, date: (127 << 9) | (12 << 5) | 31 },
            year => Self {
                time: (part(moment.hour()) << 11) | (part(moment.minute()) << 5) | (part(moment.second()) / 2),
                date: ((year.unsigned_abs() - 1980) << 9) | (part(moment.month()) << 5) | part(moment.day()),
            },
        }
    }
}

/// What a local header says.
pub(crate) struct LocalHeader<'a> {
    pub(crate) name: &'a str,
    pub(crate) method: Method,
    pub(crate) crc32: u32,
    pub(crate) bytes: u64,
    pub(crate) compressed_bytes: u64,
    pub(crate) has_descriptor: bool,
}

pub(crate) fn local_header(header: &LocalHeader<'_>, dos: DosTime) -> Vec<u8> {
    let mut out = Vec::with_capacity(LOCAL_HEADER_BYTES + header.name.len());
    put32(&mut out, 0x0403_4b50);
    put16(&mut out, VERSION_WITH_ZIP64);
    put_common(&mut out, header.method, header.has_descriptor, dos);
    put32(&mut out, header.crc32);
    put32(&mut out, IN_ZIP64);
    put32(&mut out, IN_ZIP64);
    put16(&mut out, name_length(header.name));
    put16(&mut out, 20);
    out.extend_from_slice(header.name.as_bytes());
    put16(&mut out, ZIP64_EXTRA);
    put16(&mut out, 16);
    put64(&mut out, header.bytes);
    put64(&mut out, header.compressed_bytes);
    out
}

/// Sizes and checksum after the content, in the ZIP64 form (APPNOTE 4.3.9).
pub(crate) fn descriptor(crc32: u32, bytes: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    put32(&mut out, 0x0807_4b50);
    put32(&mut out, crc32);
    put64(&mut out, bytes);
    put64(&mut out, bytes);
    out
}

pub(crate) fn put_central_header(out: &mut Vec<u8>, entry: &EntryRecord, offset: u64, dos: DosTime) {
    put32(out, 0x0201_4b50);
    put16(out, MADE_BY);
    put16(out, VERSION_WITH_ZIP64);
    put_common(out, entry.method, entry.has_descriptor, dos);
    put32(out, entry.crc32);
    put32(out, IN_ZIP64);
    put32(out, IN_ZIP64);
    put16(out, name_length(&entry.name));
    put16(out, 28);
    put16(out, 0); // comment
    put16(out, 0); // disk
    put16(out, 0); // internal attributes
    put32(out, REGULAR_FILE_READ_ONLY);
    put32(out, IN_ZIP64);
    out.extend_from_slice(entry.name.as_bytes());
    put16(out, ZIP64_EXTRA);
    put16(out, 24);
    put64(out, entry.bytes);
    put64(out, entry.compressed_bytes);
    put64(out, offset);
}

/// The three records that close a ZIP64 archive (APPNOTE 4.3.14 to 4.3.16).
pub(crate) fn put_end(out: &mut Vec<u8>, entries: u64, directory_at: u64, directory_bytes: u64) {
    put32(out, 0x0606_4b50);
    put64(out, 44);
    put16(out, MADE_BY);
    put16(out, VERSION_WITH_ZIP64);
    put32(out, 0);
    put32(out, 0);
    put64(out, entries);
    put64(out, entries);
    put64(out, directory_bytes);
    put64(out, directory_at);

    put32(out, 0x0706_4b50);
    put32(out, 0);
    put64(out, directory_at + directory_bytes);
    put32(out, 1);

    put32(out, 0x0605_4b50);
    put16(out, 0);
    put16(out, 0);
    put16(out, u16::MAX);
    put16(out, u16::MAX);
    put32(out, IN_ZIP64);
    put32(out, IN_ZIP64);
    put16(out, 0);
}

fn put_common(out: &mut Vec<u8>, method: Method, has_descriptor: bool, dos: DosTime) {
    put16(out, if has_descriptor { HAS_DESCRIPTOR } else { 0 });
    put16(out, method.number());
    put16(out, dos.time);
    put16(out, dos.date);
}

fn name_length(name: &str) -> u16 {
    u16::try_from(name.len()).expect("names are made by `Source` or checked by the directory")
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::DosTime;

    fn check(moment: &str, date: (u16, u16, u16), time: (u16, u16, u16)) {
        let dos = DosTime::at(moment.parse().unwrap());
        assert_eq!((dos.date >> 9, (dos.date >> 5) & 15, dos.date & 31), date, "{moment}");
        assert_eq!((dos.time >> 11, (dos.time >> 5) & 63, dos.time & 31), time, "{moment}");
    }

    #[test]
    fn moments_fit_the_years_of_dos() {
        check("2026-03-04T05:06:09Z", (46, 3, 4), (5, 6, 4));
        check("1970-01-01T00:00:00Z", (0, 1, 1), (0, 0, 0));
        check("2200-01-01T00:00:00Z", (127, 12, 31), (23, 59, 29));
    }
}
